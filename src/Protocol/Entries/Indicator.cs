using System.Buffers;
using System.Runtime.CompilerServices;
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

    private const int MaxSellerType = 40;

    private static readonly SearchValues<char> TypeCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.:");

    private static readonly SearchValues<char> Characters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.:/");

    /// <summary>
    /// Whether <paramref name="text"/> can be a scheme: 1 to 64 of a-z, 0-9, '-', '.', ':' and '/'. So it holds no 0x00,
    /// which ends it in the input of an indicator's id, and no free text.
    /// </summary>
    public static bool IsScheme(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxLength && !text.ContainsAnyExcept(Characters);

    /// <summary>
    /// Whether <paramref name="text"/> is written like a type of seller identifier (<c>tel</c>, <c>pay:iban</c>,
    /// <c>acct:shop.example</c>): 1 to 40 of a-z, 0-9, '-', '.' and ':', first and last a letter or digit. New types
    /// come without a new version of the protocol, so the list of them is not asked.
    /// </summary>
    public static bool IsSellerType(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxSellerType && !text.ContainsAnyExcept(TypeCharacters)
        && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    /// <summary>
    /// Whether <paramref name="scheme"/> is <c>voprf/&lt;type&gt;/&lt;epoch&gt;</c>, the epoch from 1 to 999999.
    /// </summary>
    public static bool IsSellerScheme(ReadOnlySpan<char> scheme)
    {
        if (!scheme.StartsWith(VoprfPrefix))
        {
            return false;
        }

        var rest = scheme[VoprfPrefix.Length..];
        var slash = rest.IndexOf('/');
        return slash > 0 && IsSellerType(rest[..slash]) && Origin.IsEpoch(rest[(slash + 1)..]);
    }
}

/// <summary>What is listed: a kind, the scheme that made the value canonical, and the canonical value.</summary>
/// <param name="Kind">One of <see cref="IndicatorKind"/>, or an unknown code.</param>
/// <param name="Scheme">How the value was made canonical.</param>
/// <param name="Value">The canonical bytes; compared as bytes, never normalised again by a receiver.</param>
public sealed record Indicator(string Kind, string Scheme, ReadOnlyMemory<byte> Value)
{
    /// <summary>Longest value in bytes.</summary>
    public const int MaxValue = 512;

    /// <summary>A longer text that an id is the hash of does not stand on the stack, in bytes.</summary>
    private const int MaxOnStack = 1024;

    // Boxed, so that a reader on another thread sees the whole id or none.
    private StrongBox<Hash256>? _id;

    // Copies made by `with` must not inherit the id of the original.
    private Indicator(Indicator original) => (Kind, Scheme, Value) = (original.Kind, original.Scheme, original.Value);

    /// <summary>
    /// <c>SHA-256("fednode/indicator/1" || 0x00 || kind || 0x00 || scheme || 0x00 || value)</c>: equal for the same
    /// thing on every node, whoever lists it.
    /// </summary>
    public Hash256 Id => (_id ??= new StrongBox<Hash256>(IdOf(Kind, Scheme, Value.Span))).Value;

    /// <summary>A keyword in canonical form.</summary>
    public static Indicator Keyword(string canonical) =>
        new(IndicatorKind.Keyword, IndicatorScheme.Wlnorm1, Encoding.UTF8.GetBytes(canonical));

    /// <inheritdoc/>
    public bool Equals(Indicator? other) => other is not null && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();

    /// <summary>The <see cref="Id"/> of the indicator with this kind, scheme and value.</summary>
    [SkipLocalsInit]
    public static Hash256 IdOf(string kind, string scheme, ReadOnlySpan<byte> value)
    {
        // At once and on the stack: an id is computed for each listing that is decoded, and for each match.
        ReadOnlySpan<byte> domain = "fednode/indicator/1\0"u8;
        var length = domain.Length + Encoding.UTF8.GetByteCount(kind) + Encoding.UTF8.GetByteCount(scheme) + 2 + value.Length;
        Span<byte> text = length <= MaxOnStack ? stackalloc byte[length] : new byte[length];
        domain.CopyTo(text);
        var at = domain.Length;
        at += Encoding.UTF8.GetBytes(kind, text[at..]);
        text[at++] = 0;
        at += Encoding.UTF8.GetBytes(scheme, text[at..]);
        text[at++] = 0;
        value.CopyTo(text[at..]);
        return Hash256.Of(text);
    }
}
