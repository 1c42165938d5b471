using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode roster</c>.</summary>
internal static class RosterVerbs
{
    public static Command Create() =>
        new("roster", "Who is in the coalition.") { AdmitVerb(), RosterEpochVerb.Create(), LifetimeVerb.Create(), ShowVerb() };

    private static Verb AdmitVerb()
    {
        var request = new Argument<string>("REQUEST") { Description = "The enrolment request that the member sent." };
        var data = new Option<string>("--data") { Description = "The folder of the secretariat's node, running or stopped.", HelpName = "DIR", Required = true };
        var verb = new Verb(
            "admit",
            "Admits a member: signs the next roster with the secretariat's keys and publishes it.",
            "fednode roster admit acme-enrolment.note --data ./secretariat")
        {
            request, data,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var roster = await AdmitAsync(folder, parsed.GetRequiredValue(request), cancel);
            output.Json(new { version = roster.Version, members = roster.Members.Select(m => m.Name) });
            output.Line($"Roster version {roster.Version}: {string.Join(", ", roster.Members.Select(m => m.Name))}.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb ShowVerb()
    {
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "show",
            "Shows the roster in force.",
            "fednode roster show --data ./acme",
            "fednode roster show --url http://127.0.0.1:7480 --key @api-keys/auditor.key --json")
        {
            data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Auditor);
            var roster = await target.ReadRosterAsync(cancel);
            Print(output, roster);
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<RosterDocument> AdmitAsync(NodeFolder folder, string requestFile, CancellationToken cancel)
    {
        NextRoster.RequireSecretariat(folder, "admits members");
        if (!EnrolmentRequest.TryOpen(NodeFolder.Read(requestFile), out var request, out var fault))
        {
            throw new CliException(ExitCode.BadFolder, $"{requestFile}: {fault}");
        }

        var anchor = folder.ReadAnchor();
        if (request.Coalition != anchor.Coalition)
        {
            throw new CliException(ExitCode.Refused, $"{requestFile} asks to join {request.Coalition}, but this is {anchor.Coalition}.");
        }

        var current = NextRoster.ReadCurrent(folder);
        if (current.Member(request.Name) is not null)
        {
            throw new CliException(ExitCode.Refused, $"{request.Name} is in the roster already.");
        }

        var next = NextRoster.After(current) with
        {
            Members = current.Members.Add(request.ToMember("member")),
        };
        await NextRoster.PublishAsync(folder, next.Version, NextRoster.Sign(folder, current, next), cancel);
        return next;
    }

    private static void Print(Output output, RosterDocument roster)
    {
        output.Json(new
        {
            roster.Coalition,
            roster.Version,
            roster.Issued,
            roster.Expires,
            roster.Threshold,
            secretariatKeys = roster.SecretariatKeys.Select(k => k.ToString()),
            members = roster.Members.Select(m => new
            {
                m.Name,
                status = m.Status,
                roles = m.Roles,
                m.Endpoint,
                m.Quota,
                tlsPin = m.TlsPin.ToString(),
                logs = m.Logs.Select(l => l.Key.ToString()),
                closedLogs = m.Logs.Where(l => l.ClosedAt is not null)
                    .Select(l => new { origin = l.Origin.Text, l.ClosedAt!.Value.Size, root = l.ClosedAt.Value.Root.ToBase64() }),
            }),
            sellerKeys = roster.SellerKeys.Select(k => new { k.Type, k.Epoch, k.Threshold, k.Holders, k.Quota, k.Until }),
            lifetimes = Kinds(roster).ToDictionary(k => k, k => Lifetimes.Of(roster).LimitOf(k)),
        });
        var expires = DateTimeOffset.FromUnixTimeSeconds(roster.Expires).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        output.Line($"Coalition {roster.Coalition}, roster version {roster.Version}, valid until {expires}, signed by {roster.Threshold} of {roster.SecretariatKeys.Length} secretariat keys.");
        output.Table(
            ["member", "status", "roles", "endpoint", "TLS key"],
            roster.Members.Select(m => (IReadOnlyList<string>)
                [m.Name, m.Status.ToString().ToLowerInvariant(), string.Join(", ", m.Roles), m.Endpoint, m.TlsPin.ToString()[..16]]));
        foreach (var log in roster.Members.SelectMany(m => m.Logs).Where(l => l.ClosedAt is not null))
        {
            output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{log.Origin} is closed at {log.ClosedAt!.Value.Size} entries, root {log.ClosedAt.Value.Root.ToBase64()}."));
        }

        output.Table(
            ["key for tags of sellers", "made by", "holders", "a day", "a minute", "counts until"],
            roster.SellerKeys.Select(k => (IReadOnlyList<string>)
                [k.Scheme, $"{k.Threshold} of {k.Holders.Length}", string.Join(", ", k.Holders), .. Limits(k.Quota ?? TagQuota.Default), Until(k)]));
        output.Table(
            ["listings of kind", "last at most"],
            Kinds(roster).Select(k => (IReadOnlyList<string>)
                [k, string.Create(CultureInfo.InvariantCulture, $"{Lifetimes.Of(roster).LimitOf(k) / 86_400d:0.##} days")]));
        if (roster.Members.Any(m => m.Quota is not null))
        {
            output.Table(
                ["member with a quota of its own", "a day", "a minute"],
                roster.Members.Where(m => m.Quota is not null).Select(m => (IReadOnlyList<string>)[m.Name, .. Limits(m.Quota!)]));
        }
    }

    /// <summary>The kinds of indicator that the protocol knows, and those that the roster names.</summary>
    private static IEnumerable<string> Kinds(RosterDocument roster) =>
        ((string[])[IndicatorKind.Keyword, IndicatorKind.Seller, IndicatorKind.ImagePdq, IndicatorKind.ImageSha256])
            .Union(roster.Lifetimes.Keys);

    private static string Until(SellerKey key) => key.Until is { } until
        ? DateTimeOffset.FromUnixTimeSeconds(until).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : "";

    private static string[] Limits(TagQuota quota) =>
        [quota.Day.ToString(CultureInfo.InvariantCulture), quota.Minute.ToString(CultureInfo.InvariantCulture)];
}
