using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// What a newcomer must get from a source it trusts, and all that it must: the secretariat's keys, and where and with
/// which TLS key its node is reached. The file <c>coalition.json</c>. docs/protocol.md, "Trust anchor".
/// </summary>
public sealed record TrustAnchor
{
    /// <summary>First line of the file's text.</summary>
    internal const string Header = "fednode/coalition/1";

    /// <summary>The coalition's name.</summary>
    public required string Coalition { get; init; }

    /// <summary>How many keys must sign the first roster.</summary>
    public required int Threshold { get; init; }

    /// <summary>The secretariat's keys that sign the first roster.</summary>
    public required ImmutableArray<VerificationKey> SecretariatKeys { get; init; }

    /// <summary>The key of the secretariat's roster log.</summary>
    public required VerificationKey RosterLogKey { get; init; }

    /// <summary>Where the secretariat's node is dialled.</summary>
    public required string Endpoint { get; init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo of its TLS certificate.</summary>
    public required Hash256 TlsPin { get; init; }

    /// <summary>The text of the file.</summary>
    public string ToText() => SignedJson.Write(Header, json =>
    {
        json.WriteString("coalition", Coalition);
        json.WriteNumber("threshold", Threshold);
        RosterJson.WriteKeys(json, SecretariatKeys);
        json.WriteString("rosterLog", RosterLogKey.ToString());
        json.WriteString("endpoint", Endpoint);
        json.WriteString("tlsPin", TlsPin.ToString());
    });

    /// <summary>Reads the text of the file.</summary>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out TrustAnchor? anchor,
        [NotNullWhen(false)] out string? error)
    {
        if (!SignedJson.TryRead(text, Header, Read, out anchor, out error))
        {
            return false;
        }

        error = FirstFault(anchor);
        if (error is not null)
        {
            anchor = null;
            return false;
        }

        return true;
    }

    private static TrustAnchor Read(JsonElement root) => new()
    {
        Coalition = root.Text("coalition"),
        Threshold = (int)root.Number("threshold", 1, RosterDocument.MaxSecretariatKeys),
        SecretariatKeys = RosterJson.ReadKeys(root),
        RosterLogKey = VerificationKey.TryParse(root.Text("rosterLog"), out var key, out var error)
            ? key
            : throw new JsonException(error),
        Endpoint = root.Text("endpoint"),
        TlsPin = root.Hash("tlsPin"),
    };

    private static string? FirstFault(TrustAnchor anchor) =>
        !Names.IsName(anchor.Coalition) ? "\"coalition\" must be a name: 1 to 63 of a-z, 0-9 and '-'."
        : anchor.Threshold > anchor.SecretariatKeys.Length ? "\"threshold\" must not be larger than the number of keys."
        : anchor.Endpoint.Length == 0 || !RosterChecks.IsEndpoint(anchor.Endpoint) ? "\"endpoint\" must be https://host:port."
        : !Origin.TryParse(anchor.RosterLogKey.Name, out var origin, out _)
          || origin.Coalition != anchor.Coalition || origin.Member != Origin.Secretariat || origin.Log != Origin.RosterLog
            ? "\"rosterLog\" must be the key of the coalition's log <coalition>/secretariat/roster/<epoch>."
        : RosterChecks.FirstFault([.. anchor.SecretariatKeys, anchor.RosterLogKey]);
}
