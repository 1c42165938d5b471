using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// What a member hands to the secretariat to go on with a log in its next epoch: the new key, and the TLS pin of the node
/// that holds it. The new key signs it, which proves that the member holds it; other keys of the member may sign as well.
/// docs/protocol.md, "New epoch".
/// </summary>
public sealed record EpochRequest
{
    internal const string Header = "fednode/epoch/1";

    /// <summary>Largest request in bytes.</summary>
    public const int MaxNote = 64 * 1024;

    /// <summary>SHA-256 of the SubjectPublicKeyInfo of the node's TLS certificate.</summary>
    public required Hash256 TlsPin { get; init; }

    /// <summary>The key of the new epoch, named after its origin.</summary>
    public required VerificationKey Key { get; init; }

    /// <summary>The log that is to be opened.</summary>
    public Origin Origin => Origin.Parse(Key.Name);

    /// <summary>
    /// SHA-256 of the public key, for people to compare over another channel. The key's signature covers all the rest.
    /// </summary>
    public string Fingerprint => FingerprintOf(Key);

    /// <summary>SHA-256 of a public key, in lower-case hexadecimal.</summary>
    public static string FingerprintOf(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToHexStringLower(SHA256.HashData(key.PublicKey));
    }

    /// <summary>Whether the log of this kind can get a new epoch: the trust anchor names the log of rosters for good.</summary>
    public static bool CanRequest(string log) => log is Origin.Indicators or Origin.Receipts;

    /// <summary>The signed request.</summary>
    /// <param name="keys">The private half of <see cref="Key"/>, and of other keys of the member.</param>
    public byte[] Sign(IReadOnlyList<SigningKey> keys) => SignedNote.Sign(
        SignedJson.Write(Header, json =>
        {
            json.WriteString("tlsPin", TlsPin.ToString());
            json.WriteString("vkey", Key.ToString());
        }),
        keys);

    /// <summary>Reads a request and checks that the new key signed it and can be enrolled.</summary>
    /// <param name="bytes">The whole note.</param>
    /// <param name="request">The request.</param>
    /// <param name="note">The note, to see who else signed it.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out EpochRequest? request,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(false)] out string? error)
    {
        request = null;
        if (!SignedNote.TryParse(bytes, out note, out error, MaxNote)
            || !SignedJson.TryRead(note.Text, Header, Read, out request, out error))
        {
            note = null;
            return false;
        }

        error = FirstFault(request);
        if (error is null && note.TryVerify([request.Key], out var good, out error) && good.Count != 1)
        {
            error = "The new key must sign the request: make it again with `member new-epoch`.";
        }

        if (error is not null)
        {
            (request, note) = (null, null);
            return false;
        }

        return true;
    }

    private static EpochRequest Read(JsonElement root) => new()
    {
        TlsPin = root.Hash("tlsPin"),
        Key = VerificationKey.TryParse(root.Text("vkey"), out var key, out var error) ? key : throw new JsonException(error),
    };

    private static string? FirstFault(EpochRequest request) =>
        !Origin.TryParse(request.Key.Name, out var origin, out var fault)
            ? $"The key is named after the log that it is to sign. {fault}"
        : !CanRequest(origin.Log) ? $"Only a log of indicators or receipts gets a new epoch, not {origin}."
        : origin.Epoch == 1 ? $"{origin} is a first epoch: that is opened by enrolment."
        : RosterChecks.FirstFault([request.Key]);
}
