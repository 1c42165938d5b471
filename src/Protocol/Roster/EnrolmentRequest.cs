using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// What a company hands to the secretariat to be admitted: its name, its endpoint, its TLS pin and the keys of its
/// logs, signed by every one of those keys, which proves that it holds them. docs/protocol.md, "Enrolment".
/// </summary>
public sealed record EnrolmentRequest
{
    internal const string Header = "fednode/enrolment/1";

    /// <summary>Largest request in bytes.</summary>
    public const int MaxNote = 64 * 1024;

    /// <summary>The coalition that it wants to join.</summary>
    public required string Coalition { get; init; }

    /// <summary>The name that it wants.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is dialled; empty if it only dials.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Where its node is, a code; empty if not said.</summary>
    public string Region { get; init; } = "";

    /// <summary>SHA-256 of the SubjectPublicKeyInfo of its TLS certificate.</summary>
    public required Hash256 TlsPin { get; init; }

    /// <summary>The keys of its logs, each named after its origin.</summary>
    public required ImmutableArray<VerificationKey> Logs { get; init; }

    /// <summary>The signed request.</summary>
    /// <param name="keys">The private half of every key in <see cref="Logs"/>.</param>
    public byte[] Sign(IReadOnlyList<SigningKey> keys) => SignedNote.Sign(ToText(), keys);

    /// <summary>Reads a request and checks that every key signed it and can be enrolled.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out EnrolmentRequest? request,
        [NotNullWhen(false)] out string? error)
    {
        request = null;
        if (!SignedNote.TryParse(note, out var signed, out error, MaxNote)
            || !SignedJson.TryRead(signed.Text, Header, Read, out request, out error))
        {
            return false;
        }

        error = FirstFault(request);
        if (error is null && signed.TryVerify(request.Logs, out var good, out error) && good.Count != request.Logs.Length)
        {
            error = "Every key of the request must sign it: make the request again with `member init`.";
        }

        if (error is not null)
        {
            request = null;
            return false;
        }

        return true;
    }

    /// <summary>The roster's line for this member.</summary>
    public RosterMember ToMember(params ReadOnlySpan<string> roles) => new()
    {
        Name = Name,
        Endpoint = Endpoint,
        Region = Region,
        TlsPin = TlsPin,
        Roles = [.. roles],
        Logs = [.. Logs.Select(k => new RosterLog(Origin.Parse(k.Name), k))],
    };

    private string ToText() => SignedJson.Write(Header, json =>
    {
        json.WriteString("coalition", Coalition);
        json.WriteString("name", Name);
        json.WriteString("endpoint", Endpoint);
        RosterJson.WriteRegion(json, Region);
        json.WriteString("tlsPin", TlsPin.ToString());
        RosterJson.WriteKeys(json, Logs);
    });

    private static EnrolmentRequest Read(JsonElement root) => new()
    {
        Coalition = root.Text("coalition"),
        Name = root.Text("name"),
        Endpoint = root.Text("endpoint"),
        Region = RosterJson.ReadRegion(root),
        TlsPin = root.Hash("tlsPin"),
        Logs = RosterJson.ReadKeys(root),
    };

    private static string? FirstFault(EnrolmentRequest request)
    {
        if (!Names.IsName(request.Coalition) || !Names.IsName(request.Name))
        {
            return "\"coalition\" and \"name\" must be names: 1 to 63 of a-z, 0-9 and '-'.";
        }

        if (!RosterChecks.IsEndpoint(request.Endpoint))
        {
            return "\"endpoint\" must be https://host:port, or empty.";
        }

        if (!RosterChecks.IsRegion(request.Region))
        {
            return "\"region\" must be a code, such as \"cn\".";
        }

        if (request.Logs.IsEmpty)
        {
            return "A request names at least one log key.";
        }

        foreach (var key in request.Logs)
        {
            if (!Origin.TryParse(key.Name, out var origin, out var fault)
                || origin.Coalition != request.Coalition || origin.Member != request.Name || origin.Epoch != 1)
            {
                return $"The key {key.Name} is not named after a first log (epoch 1) of {request.Name}. {fault}";
            }
        }

        return request.Logs.DistinctBy(k => k.Name).Count() != request.Logs.Length
            ? "Two keys are named after the same log."
            : RosterChecks.FirstFault(request.Logs);
    }
}
