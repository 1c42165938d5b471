using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers.Holders;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// The secretariat's call for a ceremony: who makes a new key together, or who hands a key over to whom. Encoding:
/// <c>[1, "plan", coalition, type, epoch, attempt, base (bin32 or nil), [dealer, ...], threshold, [holder, ...]]</c>.
/// </summary>
public sealed record CeremonyPlan : CeremonyMessage
{
    /// <summary>Largest number of an attempt.</summary>
    public const int MaxAttempt = 999_999;

    internal const string Name = "plan";
    internal const int ItemCount = 10;

    private CeremonyPlan(
        string coalition,
        SellerScheme scheme,
        int attempt,
        Hash256? baseKey,
        ImmutableArray<int> dealers,
        int threshold,
        ImmutableArray<string> holders)
    {
        Coalition = coalition;
        Scheme = scheme;
        Attempt = attempt;
        Base = baseKey;
        Dealers = dealers;
        Threshold = threshold;
        Holders = holders;
        Id = IdOf(Encode());
    }

    /// <summary>The coalition.</summary>
    public string Coalition { get; }

    /// <summary>What the key is for.</summary>
    public SellerScheme Scheme { get; }

    /// <summary>Tells repetitions apart, from 1: a ceremony that failed is held again under another number.</summary>
    public int Attempt { get; }

    /// <summary>The digest of the key that is handed over, or null where a new one is made.</summary>
    public Hash256? Base { get; }

    /// <summary>The numbers of the base key's holders that deal, rising; empty for a new key, which all holders deal.</summary>
    public ImmutableArray<int> Dealers { get; }

    /// <summary>How many of the new holders make a tag together, from 2 to their number.</summary>
    public int Threshold { get; }

    /// <summary>The members that will hold the shares 1, 2, ...; 2 to 32, no two alike.</summary>
    public ImmutableArray<string> Holders { get; }

    /// <summary><c>SHA-256("fednode/ceremony/1" || 0x00 || encoding)</c>: every other message names it.</summary>
    public Hash256 Id { get; }

    /// <inheritdoc/>
    public override string Step => Name;

    private protected override int Items => ItemCount;

    /// <summary>Plans a new key.</summary>
    /// <param name="coalition">The coalition.</param>
    /// <param name="scheme">What it is for.</param>
    /// <param name="attempt">From 1 to 999,999.</param>
    /// <param name="threshold">2 to the number of holders.</param>
    /// <param name="holders">2 to 32 members.</param>
    /// <exception cref="ArgumentException">One of them is not allowed.</exception>
    public static CeremonyPlan ForNewKey(
        string coalition, SellerScheme scheme, int attempt, int threshold, ImmutableArray<string> holders) =>
        Require(coalition, scheme, attempt, null, [], threshold, holders);

    /// <summary>Plans to hand a key over.</summary>
    /// <param name="coalition">The coalition.</param>
    /// <param name="key">The key.</param>
    /// <param name="attempt">From 1 to 999,999.</param>
    /// <param name="dealers">The numbers of present holders that deal, rising: at least as many as the key's threshold, and
    /// better all that can be reached, since one that deals wrongly drops out.</param>
    /// <param name="threshold">2 to the number of new holders.</param>
    /// <param name="holders">2 to 32 members.</param>
    /// <exception cref="ArgumentException">One of them is not allowed.</exception>
    public static CeremonyPlan ForReshare(
        string coalition, SharedKey key, int attempt, ImmutableArray<int> dealers, int threshold, ImmutableArray<string> holders)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Require(coalition, key.Scheme, attempt, key.Digest, dealers, threshold, holders);
    }

    /// <inheritdoc/>
    public bool Equals(CeremonyPlan? other) => other is not null && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();

    internal static CeremonyPlan Read(ref MessagePackReader reader)
    {
        var coalition = reader.ReadText(Names.MaxName, "A coalition");
        var scheme = SharedKey.ReadScheme(ref reader);
        var attempt = (int)reader.ReadNumber(MaxAttempt, "An attempt");
        Hash256? baseKey = reader.TryReadNil() ? null : reader.ReadHash("A base");
        var count = reader.ReadCount(SharedKey.MaxHolders, "A list of dealers");
        var dealers = ImmutableArray.CreateBuilder<int>(count);
        for (var i = 0; i < count; i++)
        {
            dealers.Add((int)reader.ReadNumber(SharedKey.MaxHolders, "A dealer"));
        }

        var threshold = (int)reader.ReadNumber(SharedKey.MaxHolders, "A threshold");
        var holders = SharedKey.ReadHolders(ref reader);
        return IsAllowed(coalition, attempt, baseKey, dealers, threshold, holders, out var error)
            ? new CeremonyPlan(coalition, scheme, attempt, baseKey, dealers.MoveToImmutable(), threshold, holders)
            : throw new CanonicalReader.ShapeException(error);
    }

    private protected override void WriteItems(ref MessagePackWriter writer)
    {
        writer.Write(Coalition);
        writer.Write(Scheme.Type.Name);
        writer.Write(Scheme.Epoch);
        writer.Write(Attempt);
        if (Base is { } digest)
        {
            writer.WriteHash(digest);
        }
        else
        {
            writer.WriteNil();
        }

        writer.WriteArrayHeader(Dealers.Length);
        foreach (var dealer in Dealers)
        {
            writer.Write(dealer);
        }

        writer.Write(Threshold);
        SharedKey.WriteHolders(ref writer, Holders);
    }

    private static CeremonyPlan Require(
        string coalition,
        SellerScheme scheme,
        int attempt,
        Hash256? baseKey,
        ImmutableArray<int> dealers,
        int threshold,
        ImmutableArray<string> holders)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        return IsAllowed(coalition, attempt, baseKey, dealers, threshold, holders, out var error)
            ? new CeremonyPlan(coalition, scheme, attempt, baseKey, dealers, threshold, holders)
            : throw new ArgumentException(error);
    }

    private static bool IsAllowed(
        string coalition,
        int attempt,
        Hash256? baseKey,
        IReadOnlyList<int> dealers,
        int threshold,
        ImmutableArray<string> holders,
        [NotNullWhen(false)] out string? error)
    {
        if (!SharedKey.AreHolders(holders, out error))
        {
            return false;
        }

        error = !Names.IsName(coalition) ? $"\"{coalition}\" is not the name of a coalition."
            : attempt is < 1 or > MaxAttempt ? $"Attempts are numbered from 1 to {MaxAttempt}."
            : threshold < 2 || threshold > holders.Length
                ? $"The threshold is from 2 to the number of holders, {holders.Length}, not {threshold}."
            : baseKey is null != (dealers.Count == 0) ? "Dealers are named exactly where a key is handed over."
            : !IsRising(dealers) ? $"Dealers are different numbers from 1 to {SharedKey.MaxHolders}, rising."
            : null;
        return error is null;
    }

    private static bool IsRising(IReadOnlyList<int> dealers)
    {
        var last = 0;
        foreach (var dealer in dealers)
        {
            if (dealer <= last || dealer > SharedKey.MaxHolders)
            {
                return false;
            }

            last = dealer;
        }

        return true;
    }

    private static Hash256 IdOf(byte[] encoded)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("fednode/ceremony/1\0"u8);
        hash.AppendData(encoded);
        return new Hash256(hash.GetHashAndReset());
    }
}
