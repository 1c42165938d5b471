using System.CommandLine;
using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode roster</c>.</summary>
internal static class RosterVerbs
{
    /// <summary>How long a roster is good, in seconds: one year.</summary>
    public const long RosterLifetime = 366L * 86_400;

    public static Command Create() => new("roster", "Who is in the coalition.") { AdmitVerb(), ShowVerb() };

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
        if (folder.ReadConfig().Member is var member && member != Origin.Secretariat)
        {
            throw new CliException(
                ExitCode.BadFolder,
                $"{folder.Path} is not the secretariat's node but that of {member}: only the secretariat admits members.");
        }

        if (!EnrolmentRequest.TryOpen(NodeFolder.Read(requestFile), out var request, out var fault))
        {
            throw new CliException(ExitCode.BadFolder, $"{requestFile}: {fault}");
        }

        var anchor = folder.ReadAnchor();
        if (request.Coalition != anchor.Coalition)
        {
            throw new CliException(ExitCode.Refused, $"{requestFile} asks to join {request.Coalition}, but this is {anchor.Coalition}.");
        }

        if (!RosterChain.TryWalk(folder.ReadRosters().Select(n => (ReadOnlyMemory<byte>)n), anchor, out var current, out var error)
            || current is null)
        {
            throw new CliException(ExitCode.BadFolder, $"{folder.RosterFolder} holds no unbroken chain of rosters: {error ?? "it is empty"}");
        }

        if (current.Member(request.Name) is not null)
        {
            throw new CliException(ExitCode.Refused, $"{request.Name} is in the roster already.");
        }

        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var next = current with
        {
            Version = current.Version + 1,
            Issued = now,
            Expires = now + RosterLifetime,
            Members = current.Members.Add(request.ToMember("member")),
        };
        var note = Sign(folder, next);
        if (!RosterChain.TryOpenNext(note, current, out _, out error))
        {
            throw new CliException(ExitCode.Refused, $"The new roster would be refused: {error}");
        }

        await PublishAsync(folder, next.Version, note, cancel);
        return next;
    }

    private static byte[] Sign(NodeFolder folder, RosterDocument roster)
    {
        var keys = NodeFolder.ReadKeys(folder.SecretariatKeyFolder);
        try
        {
            return SignedNote.Sign(roster.ToText(), [.. keys.Take(roster.Threshold)]);
        }
        finally
        {
            foreach (var key in keys)
            {
                key.Dispose();
            }
        }
    }

    /// <summary>A running node publishes at once; a stopped one finds the file when it starts.</summary>
    private static async Task PublishAsync(NodeFolder folder, int version, byte[] note, CancellationToken cancel)
    {
        if (RunFile.TryRead(folder) is { } running)
        {
            using var client = new NodeClient(running.ApiUrl, folder.ReadApiKey(ApiRole.Operator));
            await client.PostAsync<RosterRequest, RosterView>(ApiRoutes.Roster, new RosterRequest(Encoding.UTF8.GetString(note)), cancel);
        }

        NodeFolder.WriteSecret(folder.RosterFile(version), note);
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
                tlsPin = m.TlsPin.ToString(),
                logs = m.Logs.Select(l => l.Key.ToString()),
            }),
            sellerKeys = roster.SellerKeys.Select(k => new { k.Type, k.Epoch }),
        });
        var expires = DateTimeOffset.FromUnixTimeSeconds(roster.Expires).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        output.Line($"Coalition {roster.Coalition}, roster version {roster.Version}, valid until {expires}, signed by {roster.Threshold} of {roster.SecretariatKeys.Length} secretariat keys.");
        output.Table(
            ["member", "status", "roles", "endpoint", "TLS key"],
            roster.Members.Select(m => (IReadOnlyList<string>)
                [m.Name, m.Status.ToString().ToLowerInvariant(), string.Join(", ", m.Roles), m.Endpoint, m.TlsPin.ToString()[..16]]));
        output.Line($"Keys for tags of sellers: {string.Join(", ", roster.SellerKeys.Select(Scheme))}.");
    }

    private static string Scheme(SellerKey key) =>
        string.Create(CultureInfo.InvariantCulture, $"voprf/{key.Type}/{key.Epoch}");
}
