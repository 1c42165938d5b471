using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// The public side of a key that is held in shares: who holds them, how many are needed, and the commitments to the
/// polynomial whose value at 0 is the key and whose value at n is the share of holder n (Shamir 1979, Feldman 1987).
/// Everybody computes each holder's public share from the commitments. One holder with a threshold of 1 is an ordinary key.
/// Encoding: canonical MessagePack <c>[1, type, epoch, [holder, ...], [commitment (bin32), ...]]</c>.
/// </summary>
public sealed class SharedKey : IEquatable<SharedKey>
{
    /// <summary>Most holders of one key: 32.</summary>
    public const int MaxHolders = 32;

    /// <summary>Longest encoding in bytes: 4,096.</summary>
    public const int MaxEncoded = 4_096;

    private const int MaxTypeName = 40;

    private readonly RistrettoPoint[] _publicShares;
    private readonly byte[] _encoded;

    private SharedKey(
        SellerScheme scheme, ImmutableArray<string> holders, ImmutableArray<RistrettoPoint> commitments, RistrettoPoint[] shares)
    {
        Scheme = scheme;
        Holders = holders;
        Commitments = commitments;
        _publicShares = shares;
        _encoded = CanonicalReader.Write(new Parts(scheme, holders, commitments), Write);
        Digest = DigestOf(_encoded);
    }

    /// <summary>What the key makes tags for.</summary>
    public SellerScheme Scheme { get; }

    /// <summary>The members that hold the shares 1, 2, ... in this order; 1 to 32, no two alike.</summary>
    public ImmutableArray<string> Holders { get; }

    /// <summary>The coefficients times the generator, lowest first; as many as the threshold.</summary>
    public ImmutableArray<RistrettoPoint> Commitments { get; }

    /// <summary>How many holders make a tag together; fewer learn nothing.</summary>
    public int Threshold => Commitments.Length;

    /// <summary>The key times the generator, whoever holds it: what the roster names.</summary>
    public RistrettoPoint PublicKey => Commitments[0];

    /// <summary><c>SHA-256("fednode/shared-key/1" || 0x00 || encoding)</c>.</summary>
    public Hash256 Digest { get; }

    /// <summary>The share of holder <paramref name="number"/> times the generator.</summary>
    /// <param name="number">1 to the number of holders.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such holder.</exception>
    public RistrettoPoint PublicShare(int number)
    {
        RequireHolder(number);
        return _publicShares[number - 1];
    }

    /// <summary>The number of a member's share, or 0 if it holds none.</summary>
    public int NumberOf(string holder) => Holders.IndexOf(holder) + 1;

    /// <summary>Puts the public side together and checks it.</summary>
    /// <param name="scheme">What the key is for.</param>
    /// <param name="holders">1 to 32 names of members, no two alike.</param>
    /// <param name="commitments">1 to as many points as there are holders, none the identity.</param>
    /// <param name="key">The key.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryCreate(
        SellerScheme scheme,
        ImmutableArray<string> holders,
        ImmutableArray<RistrettoPoint> commitments,
        [NotNullWhen(true)] out SharedKey? key,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        key = null;
        if (!AreHolders(holders, out error))
        {
            return false;
        }

        if (commitments.Length < 1 || commitments.Length > holders.Length)
        {
            error = $"The threshold is from 1 to the number of holders, {holders.Length}, not {commitments.Length}.";
            return false;
        }

        var shares = new RistrettoPoint[holders.Length];
        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = CommittedPolynomial.ValueAt(commitments.AsSpan(), i + 1);
        }

        if (commitments.Any(c => c.IsIdentity) || shares.Any(s => s.IsIdentity))
        {
            error = "A commitment or a public share is the identity: this is no key that a ceremony gives.";
            return false;
        }

        key = new SharedKey(scheme, holders, commitments, shares);
        return true;
    }

    /// <summary>The public side of a key that one member holds whole.</summary>
    /// <exception cref="ArgumentException">The name or the point is not allowed.</exception>
    public static SharedKey OfOne(SellerScheme scheme, string holder, RistrettoPoint publicKey) =>
        TryCreate(scheme, [holder], [publicKey], out var key, out var error) ? key : throw new ArgumentException(error);

    /// <summary>Reads the encoding; nothing else than what <see cref="Encode"/> writes is accepted.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SharedKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (bytes.Length > MaxEncoded)
        {
            error = $"A shared key has at most {MaxEncoded} bytes, not {bytes.Length}.";
            return false;
        }

        return CanonicalReader.TryRead<Parts>(bytes, Read, Write, out var parts, out error)
            && TryCreate(parts.Scheme, parts.Holders, parts.Commitments, out key, out error);
    }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => [.. _encoded];

    /// <inheritdoc/>
    public bool Equals(SharedKey? other) => other is not null && Digest == other.Digest;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SharedKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Digest.GetHashCode();

    /// <summary>Scheme, threshold and public key.</summary>
    public override string ToString() => $"{Scheme}, {Threshold} of {Holders.Length}, {PublicKey}";

    internal static bool AreHolders(ImmutableArray<string> holders, [NotNullWhen(false)] out string? error)
    {
        error = holders.Length is < 1 or > MaxHolders
            ? $"A key has 1 to {MaxHolders} holders, not {holders.Length}."
            : holders.FirstOrDefault(h => !Names.IsName(h)) is { } bad ? $"\"{bad}\" is not the name of a member."
            : holders.Distinct(StringComparer.Ordinal).Count() != holders.Length ? "A member holds two shares."
            : null;
        return error is null;
    }

    internal static SellerScheme ReadScheme(ref MessagePackReader reader)
    {
        var name = reader.ReadText(MaxTypeName, "A type of identifier");
        if (!SellerIdentifierType.TryParse(name, out var type, out var error))
        {
            throw new CanonicalReader.ShapeException(error);
        }

        var epoch = reader.ReadNumber(SellerScheme.MaxEpoch, "An epoch");
        return epoch > 0
            ? new SellerScheme(type, (int)epoch)
            : throw new CanonicalReader.ShapeException("Epochs are numbered from 1.");
    }

    internal static ImmutableArray<string> ReadHolders(ref MessagePackReader reader)
    {
        var count = reader.ReadCount(MaxHolders, "A list of holders");
        var holders = ImmutableArray.CreateBuilder<string>(count);
        for (var i = 0; i < count; i++)
        {
            holders.Add(reader.ReadText(Names.MaxName, "A holder"));
        }

        return holders.MoveToImmutable();
    }

    internal static void WriteHolders(ref MessagePackWriter writer, ImmutableArray<string> holders)
    {
        writer.WriteArrayHeader(holders.Length);
        foreach (var holder in holders)
        {
            writer.Write(holder);
        }
    }

    internal static RistrettoPoint ReadPoint(ref MessagePackReader reader, string what)
    {
        var bytes = reader.ReadBinary(RistrettoPoint.Size, what);
        return RistrettoPoint.TryDecode(bytes, out var point, out var error)
            ? point
            : throw new CanonicalReader.ShapeException($"{what}: {error}");
    }

    internal static ImmutableArray<RistrettoPoint> ReadCommitments(ref MessagePackReader reader)
    {
        var count = reader.ReadCount(MaxHolders, "A list of commitments");
        var commitments = ImmutableArray.CreateBuilder<RistrettoPoint>(count);
        for (var i = 0; i < count; i++)
        {
            commitments.Add(ReadPoint(ref reader, "A commitment"));
        }

        return commitments.MoveToImmutable();
    }

    internal static void WriteCommitments(ref MessagePackWriter writer, ImmutableArray<RistrettoPoint> commitments)
    {
        writer.WriteArrayHeader(commitments.Length);
        foreach (ref readonly var commitment in commitments.AsSpan())
        {
            writer.Write(commitment.Span);
        }
    }

    private static Parts Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(5, "A shared key");
        reader.ExpectVersion("The shared key");
        return new Parts(ReadScheme(ref reader), ReadHolders(ref reader), ReadCommitments(ref reader));
    }

    private static void Write(ref MessagePackWriter writer, Parts parts)
    {
        writer.WriteArrayHeader(5);
        writer.Write(1);
        writer.Write(parts.Scheme.Type.Name);
        writer.Write(parts.Scheme.Epoch);
        WriteHolders(ref writer, parts.Holders);
        WriteCommitments(ref writer, parts.Commitments);
    }

    private static Hash256 DigestOf(byte[] encoded)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("fednode/shared-key/1\0"u8);
        hash.AppendData(encoded);
        return new Hash256(hash.GetHashAndReset());
    }

    private void RequireHolder(int number)
    {
        if (number < 1 || number > _publicShares.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(number), number, $"Holders are numbered from 1 to {_publicShares.Length}.");
        }
    }

    private sealed record Parts(SellerScheme Scheme, ImmutableArray<string> Holders, ImmutableArray<RistrettoPoint> Commitments);
}
