using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// The public side of a key for seller tags, as the roster has it: points are bytes here, since the roster must be readable
/// without curve arithmetic. Who uses a key opens it as a <see cref="SharedKey"/>.
/// </summary>
/// <param name="Type">The identifier type, such as <c>tel</c>.</param>
/// <param name="Epoch">From 1; a new key is a new epoch.</param>
/// <param name="PublicKey">The key times the generator: a ristretto255 point, 32 bytes.</param>
public sealed record SellerKey(string Type, int Epoch, Hash256 PublicKey)
{
    /// <summary>
    /// The members that hold the shares 1, 2, ... in this order, 1 to 32. Where the roster names none, the secretariat holds the
    /// key whole.
    /// </summary>
    public ImmutableArray<string> Holders { get; init; } = [Origin.Secretariat];

    /// <summary>The commitments behind the public key, lowest first; one fewer than the threshold.</summary>
    public ImmutableArray<Hash256> Commitments { get; init; } = [];

    /// <summary>How much each member may ask each holder for; null: not said, <see cref="TagQuota.Default"/> holds.</summary>
    public TagQuota? Quota { get; init; }

    /// <summary>
    /// When its tags count no more, in unix seconds, because a key of a later epoch has taken its place; null: not said.
    /// </summary>
    public long? Until { get; init; }

    /// <summary>The scheme of its tags, as listings name it.</summary>
    public string Scheme => $"{IndicatorScheme.VoprfPrefix}{Type}/{Epoch}";

    /// <summary>How many holders make a tag together.</summary>
    public int Threshold => 1 + Commitments.Length;

    /// <summary>Whether the secretariat alone holds it, which the roster says by naming no holders.</summary>
    public bool IsWhole => Commitments.IsEmpty && Holders is [Origin.Secretariat];

    /// <summary>What the roster says of a shared key.</summary>
    public static SellerKey Of(SharedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new SellerKey(key.Scheme.Type.Name, key.Scheme.Epoch, new Hash256(key.PublicKey.Span))
        {
            Holders = key.Holders,
            Commitments = [.. key.Commitments.Skip(1).Select(c => new Hash256(c.Span))],
        };
    }

    /// <summary>The key with its points checked.</summary>
    /// <param name="key">The public side.</param>
    /// <param name="error">What makes it unusable: nobody can make tags with it.</param>
    public bool TryOpen([NotNullWhen(true)] out SharedKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!SellerIdentifierType.TryParse(Type, out var type, out error))
        {
            return false;
        }

        var points = ImmutableArray.CreateBuilder<RistrettoPoint>(Threshold);
        foreach (var bytes in Commitments.Insert(0, PublicKey))
        {
            if (!RistrettoPoint.TryDecode(bytes.Span, out var point, out error))
            {
                error = $"The roster's key for {Type}, epoch {Epoch}, is none: {error}";
                return false;
            }

            points.Add(point);
        }

        return SharedKey.TryCreate(new SellerScheme(type, Epoch), Holders, points.MoveToImmutable(), out key, out error);
    }

    /// <summary>Whether tags under the other are the same, whoever holds it.</summary>
    public bool MakesTagsOf(SellerKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Type, Epoch, PublicKey) == (other.Type, other.Epoch, other.PublicKey);
    }

    /// <summary>Whether the other is the same key in the same hands.</summary>
    public bool IsHeldAs(SellerKey other) =>
        MakesTagsOf(other) && Holders.SequenceEqual(other.Holders) && Commitments.SequenceEqual(other.Commitments);

    /// <inheritdoc/>
    public bool Equals(SellerKey? other) => other is not null && IsHeldAs(other) && (Quota, Until) == (other.Quota, other.Until);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Epoch, PublicKey);
}
