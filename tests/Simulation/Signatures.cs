using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;

namespace FederationNode.Simulation;

/// <summary>
/// Signs and verifies checkpoints: with Ed25519, or with a keyed hash in the place of the signature, which has the same
/// form and takes a fraction of the time. Nobody in the simulation makes a keyed hash for a log that is not its own.
/// </summary>
public sealed class Signatures(bool real)
{
    private readonly Dictionary<string, SigningKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<Hash256, Checkpoint> _verified = [];
    private readonly HashSet<(string Origin, long Size, Hash256 Root)> _signed = [];

    /// <summary>Whether a log's key has signed that head.</summary>
    public bool HasSigned(Checkpoint head) => _signed.Contains((head.Origin, head.Size, head.Root));

    public byte[] Sign(Checkpoint checkpoint)
    {
        _signed.Add((checkpoint.Origin, checkpoint.Size, checkpoint.Root));
        return Seal(checkpoint);
    }

    private byte[] Seal(Checkpoint checkpoint) => real
        ? checkpoint.Sign(KeyOf(checkpoint.Origin))
        : Encoding.UTF8.GetBytes(
            $"{checkpoint.ToText()}\n\u2014 {checkpoint.Origin} {Convert.ToBase64String(Stamp(checkpoint.Origin, checkpoint.ToText()))}\n");

    public bool Open(
        string origin,
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        // The same note is read by every node; whether it is good does not depend on who reads it.
        var hash = Hash256.Of(note);
        if (_verified.TryGetValue(hash, out checkpoint))
        {
            error = checkpoint.Origin == origin ? null : "another log's checkpoint";
            return error is null;
        }

        if (!(real ? Checkpoint.TryOpen(note, KeyOf(origin).VerificationKey, out checkpoint, out error) : OpenStamped(origin, note, out checkpoint, out error)))
        {
            return false;
        }

        _verified[hash] = checkpoint;
        return true;
    }

    private static bool OpenStamped(
        string origin,
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        if (!SignedNote.TryParse(note, out var signed, out error, Checkpoint.MaxNote)
            || !Checkpoint.TryParse(note, out var parsed, out error))
        {
            return false;
        }

        if (parsed.Origin != origin || signed.Signatures is not [var only]
            || !only.Signature.Span.SequenceEqual(Stamp(origin, signed.Text).AsSpan(4)))
        {
            error = "not signed by the log's key";
            return false;
        }

        checkpoint = parsed;
        return true;
    }

    private static byte[] Stamp(string origin, string text)
    {
        var stamp = new byte[4 + VerificationKey.SignatureSize];
        SHA256.HashData(Encoding.UTF8.GetBytes("key of " + origin)).AsSpan(0, 4).CopyTo(stamp);
        SHA512.HashData(Encoding.UTF8.GetBytes($"secret of {origin}\n{text}")).CopyTo(stamp.AsSpan(4));
        return stamp;
    }

    private SigningKey KeyOf(string origin)
    {
        if (!_keys.TryGetValue(origin, out var key))
        {
            _keys[origin] = key = SigningKey.FromSeed(origin, SHA256.HashData(Encoding.UTF8.GetBytes(origin)));
        }

        return key;
    }
}
