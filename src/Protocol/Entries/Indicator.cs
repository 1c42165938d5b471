using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Protocol.Entries;

/// <summary>The kinds of indicator that this version can match. docs/protocol.md, "Indicators".</summary>
public static class IndicatorKind
{
    /// <summary>Words: the value is UTF-8 text in the canonical form of its scheme, <c>wlnorm/1</c>.</summary>
    public const string Keyword = "keyword";

    /// <summary>A 32-byte seller tag; the scheme is <c>voprf/&lt;type&gt;/&lt;epoch&gt;</c>.</summary>
    public const string Seller = "seller";

    /// <summary>A 32-byte PDQ hash of an image; the scheme is <c>pdq/1</c>.</summary>
    public const string ImagePdq = "image-pdq";

    /// <summary>The SHA-256 of an image file; the scheme is <c>sha256/1</c>.</summary>
    public const string ImageSha256 = "image-sha256";
}

/// <summary>The ways in which values are made canonical.</summary>
public static class IndicatorScheme
{
    /// <summary>The scheme of keywords: pinned Unicode tables, docs/protocol.md "wlnorm/1".</summary>
    public const string Wlnorm1 = "wlnorm/1";

    /// <summary>The scheme of PDQ hashes: 32 bytes, in the order in which PDQ prints its hexadecimal digits.</summary>
    public const string Pdq1 = "pdq/1";

    /// <summary>The scheme of exact image hashes.</summary>
    public const string Sha2561 = "sha256/1";

    /// <summary>The start of every scheme of seller tags.</summary>
    public const string VoprfPrefix = "voprf/";

    /// <summary>Longest scheme in bytes.</summary>
    public const int MaxLength = 64;
}

/// <summary>What is listed: a kind, the scheme that made the value canonical, and the canonical value.</summary>
/// <param name="Kind">One of <see cref="IndicatorKind"/>, or an unknown code.</param>
/// <param name="Scheme">How the value was made canonical.</param>
/// <param name="Value">The canonical bytes; compared as bytes, never normalised again by a receiver.</param>
public sealed record Indicator(string Kind, string Scheme, ReadOnlyMemory<byte> Value)
{
    /// <summary>Longest value in bytes.</summary>
    public const int MaxValue = 512;

    private Hash256? _id;

    /// <summary>
    /// <c>SHA-256("fednode/indicator/1" || 0x00 || kind || 0x00 || scheme || 0x00 || value)</c>: equal for the same
    /// thing on every node, whoever lists it.
    /// </summary>
    public Hash256 Id => _id ??= ComputeId();

    /// <summary>A keyword in canonical form.</summary>
    public static Indicator Keyword(string canonical) =>
        new(IndicatorKind.Keyword, IndicatorScheme.Wlnorm1, Encoding.UTF8.GetBytes(canonical));

    /// <inheritdoc/>
    public bool Equals(Indicator? other) => other is not null && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();

    private Hash256 ComputeId()
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData("fednode/indicator/1\0"u8);
        sha.AppendData(Encoding.UTF8.GetBytes(Kind));
        sha.AppendData([0]);
        sha.AppendData(Encoding.UTF8.GetBytes(Scheme));
        sha.AppendData([0]);
        sha.AppendData(Value.Span);
        Hash256 hash = default;
        sha.GetHashAndReset(hash);
        return hash;
    }
}
