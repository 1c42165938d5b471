using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Protocol.Roster;

/// <summary>Writes and reads the text of roster documents. docs/protocol.md, "Roster".</summary>
internal static class RosterJson
{
    public const string Header = "fednode/roster/1";

    private const int MaxLogs = 64;

    public static string Write(RosterDocument roster) => SignedJson.Write(Header, json =>
    {
        json.WriteString("coalition", roster.Coalition);
        json.WriteNumber("version", roster.Version);
        json.WriteNumber("issued", roster.Issued);
        json.WriteNumber("expires", roster.Expires);
        json.WriteStartObject("secretariat");
        json.WriteNumber("threshold", roster.Threshold);
        WriteKeys(json, roster.SecretariatKeys);
        json.WriteEndObject();
        json.WriteStartArray("sellerKeys");
        foreach (var key in roster.SellerKeys)
        {
            WriteSellerKey(json, key);
        }

        json.WriteEndArray();
        if (!roster.Lifetimes.IsEmpty)
        {
            json.WriteStartObject("lifetimes");
            foreach (var (kind, seconds) in roster.Lifetimes)
            {
                json.WriteNumber(kind, seconds);
            }

            json.WriteEndObject();
        }

        json.WriteStartArray("members");
        foreach (var member in roster.Members)
        {
            WriteMember(json, member);
        }

        json.WriteEndArray();
    });

    public static bool TryRead(
        string text,
        [NotNullWhen(true)] out RosterDocument? document,
        [NotNullWhen(false)] out string? error)
    {
        if (!SignedJson.TryRead(text, Header, Read, out document, out error))
        {
            return false;
        }

        error = RosterChecks.FirstFault(document);
        if (error is not null)
        {
            document = null;
            return false;
        }

        return true;
    }

    internal static void WriteRegion(Utf8JsonWriter json, string region)
    {
        if (region.Length > 0)
        {
            json.WriteString("region", region);
        }
    }

    internal static string ReadRegion(JsonElement element) => element.Member("region") is null ? "" : element.Text("region");

    internal static void WriteKeys(Utf8JsonWriter json, ImmutableArray<VerificationKey> keys)
    {
        json.WriteStartArray("keys");
        foreach (var key in keys)
        {
            json.WriteStringValue(key.ToString());
        }

        json.WriteEndArray();
    }

    internal static ImmutableArray<VerificationKey> ReadKeys(JsonElement parent) =>
        [.. parent.List("keys", RosterDocument.MaxSecretariatKeys).Select(ReadKey)];

    private static RosterDocument Read(JsonElement root)
    {
        var secretariat = root.Member("secretariat") ?? throw new JsonException("\"secretariat\" is missing.");
        return new RosterDocument
        {
            Coalition = root.Text("coalition"),
            Version = (int)root.Number("version", 1, int.MaxValue),
            Issued = root.Number("issued", 0, ProtocolLimits.MaxTime),
            Expires = root.Number("expires", 0, ProtocolLimits.MaxTime),
            Threshold = (int)secretariat.Number("threshold", 1, RosterDocument.MaxSecretariatKeys),
            SecretariatKeys = ReadKeys(secretariat),
            SellerKeys = [.. root.List("sellerKeys", RosterDocument.MaxSellerKeys).Select(ReadSellerKey)],
            Lifetimes = ReadLifetimes(root),
            Members = [.. root.List("members", RosterDocument.MaxMembers).Select(ReadMember)],
        };
    }

    private static ImmutableSortedDictionary<string, long> ReadLifetimes(JsonElement root)
    {
        var limits = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        if (root.Member("lifetimes") is not { } element)
        {
            return limits.ToImmutable();
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("\"lifetimes\" must be an object.");
        }

        foreach (var property in element.EnumerateObject())
        {
            limits.Add(
                Names.IsCode(property.Name) && limits.Count < RosterDocument.MaxLifetimes
                    ? property.Name
                    : throw new JsonException($"\"lifetimes\" has at most {RosterDocument.MaxLifetimes} kinds of indicator, each a code."),
                element.Number(property.Name, RosterDocument.LeastLifetime, ProtocolLimits.MaxLifetime));
        }

        return limits.ToImmutable();
    }

    private static void WriteMember(Utf8JsonWriter json, RosterMember member)
    {
        json.WriteStartObject();
        json.WriteString("name", member.Name);
        json.WriteString("status", StatusText(member.Status));
        WriteTexts(json, "roles", member.Roles);
        json.WriteString("endpoint", member.Endpoint);
        WriteRegion(json, member.Region);
        WriteQuota(json, member.Quota);
        json.WriteString("tlsPin", member.TlsPin.ToString());
        json.WriteStartArray("logs");
        foreach (var log in member.Logs)
        {
            json.WriteStartObject();
            json.WriteString("vkey", log.Key.ToString());
            if (log.ClosedAt is { } closed)
            {
                json.WriteStartObject("closedAt");
                json.WriteNumber("size", closed.Size);
                json.WriteString("root", closed.Root.ToString());
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static RosterMember ReadMember(JsonElement element) => new()
    {
        Name = element.Text("name"),
        Status = element.Text("status") switch
        {
            "active" => MemberStatus.Active,
            "suspended" => MemberStatus.Suspended,
            "expelled" => MemberStatus.Expelled,
            _ => throw new JsonException("\"status\" must be active, suspended or expelled."),
        },
        Roles = [.. element.List("roles", 16).Select(r => r.Text())],
        Endpoint = element.Text("endpoint"),
        Region = ReadRegion(element),
        Quota = ReadQuota(element),
        TlsPin = element.Hash("tlsPin"),
        Logs = [.. element.List("logs", MaxLogs).Select(ReadLog)],
    };

    private static RosterLog ReadLog(JsonElement element)
    {
        var key = ReadKeyText(element.Text("vkey"));
        if (!Origin.TryParse(key.Name, out var origin, out var error))
        {
            throw new JsonException($"The key of a log is named after its origin. {error}");
        }

        LogHead? closed = element.Member("closedAt") is { } head
            ? new LogHead(origin.Text, head.Number("size", 0, ProtocolLimits.MaxLogSize), head.Hash("root"))
            : null;
        return new RosterLog(origin, key, closed);
    }

    private static void WriteSellerKey(Utf8JsonWriter json, SellerKey key)
    {
        json.WriteStartObject();
        json.WriteString("type", key.Type);
        json.WriteNumber("epoch", key.Epoch);
        json.WriteString("publicKey", key.PublicKey.ToString());
        if (!key.IsWhole)
        {
            WriteTexts(json, "holders", key.Holders);
            WriteTexts(json, "commitments", key.Commitments.Select(c => c.ToString()));
        }

        WriteQuota(json, key.Quota);
        if (key.Until is { } until)
        {
            json.WriteNumber("until", until);
        }

        json.WriteEndObject();
    }

    private static SellerKey ReadSellerKey(JsonElement element)
    {
        var whole = new SellerKey(element.Text("type"), (int)element.Number("epoch", 1, 999_999), element.Hash("publicKey"))
        {
            Quota = ReadQuota(element),
            Until = element.Member("until") is null ? null : element.Number("until", 0, ProtocolLimits.MaxTime),
        };
        return element.Member("holders") is null && element.Member("commitments") is null
            ? whole
            : whole with
            {
                Holders = [.. element.List("holders", SharedKey.MaxHolders).Select(h => h.Text())],
                Commitments = [.. element.List("commitments", SharedKey.MaxHolders - 1).Select(c => c.Hash())],
            };
    }

    private static void WriteQuota(Utf8JsonWriter json, TagQuota? quota)
    {
        if (quota is not null)
        {
            json.WriteStartObject("quota");
            json.WriteNumber("day", quota.Day);
            json.WriteNumber("minute", quota.Minute);
            json.WriteEndObject();
        }
    }

    private static TagQuota? ReadQuota(JsonElement element) => element.Member("quota") is { } quota
        ? new TagQuota(quota.Number("day", 1, TagQuota.Most), quota.Number("minute", 1, TagQuota.Most))
        : null;

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static VerificationKey ReadKey(JsonElement element) =>
        ReadKeyText(element.Text());

    private static VerificationKey ReadKeyText(string text) =>
        VerificationKey.TryParse(text, out var key, out var error) ? key : throw new JsonException(error);

    private static string StatusText(MemberStatus status) => status switch
    {
        MemberStatus.Active => "active",
        MemberStatus.Suspended => "suspended",
        _ => "expelled",
    };
}
