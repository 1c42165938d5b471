using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// One seller's identifier in canonical form, version <c>wl-seller/v1</c>: two companies that write the same identifier
/// differently get the same canonical text, and what is ambiguous is refused and never guessed at. It is personal data
/// in the clear: it must not leave the company, so nothing prints it and no message has a field for it. No error of
/// this class, and of the rules behind it, repeats any part of what it was given.
/// </summary>
public sealed class SellerIdentifier : IEquatable<SellerIdentifier>
{
    /// <summary>The version of all rules together, and the start of every tag's input.</summary>
    public const string Version = "wl-seller/v1";

    /// <summary>Longest raw identifier, in UTF-16 code units: 2,048.</summary>
    public const int MaxRawLength = 2_048;

    private SellerIdentifier(SellerIdentifierType type, string canonical)
    {
        Type = type;
        Canonical = canonical;
    }

    /// <summary>The type, which chose the rules.</summary>
    public SellerIdentifierType Type { get; }

    /// <summary>
    /// The canonical text. Personal data: see the class. A string cannot be erased, so hold it no longer than the
    /// blinding takes.
    /// </summary>
    public string Canonical { get; }

    /// <summary>Brings a raw identifier into canonical form, or says why that cannot be done safely.</summary>
    /// <param name="type">What <paramref name="raw"/> is.</param>
    /// <param name="raw">At most <see cref="MaxRawLength"/> code units, as the company has it on record.</param>
    /// <param name="region">ISO 3166-1 alpha-2 code of the country in which the account was opened. Needed only for
    /// telephone numbers without a leading '+' (also those of Alipay); ignored by every other type.</param>
    /// <param name="identifier">The canonical identifier.</param>
    /// <param name="error">What is wrong and what to do; without any part of <paramref name="raw"/>.</param>
    public static bool TryCanonicalize(
        SellerIdentifierType type,
        ReadOnlySpan<char> raw,
        string? region,
        [NotNullWhen(true)] out SellerIdentifier? identifier,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(type);
        identifier = null;
        if (raw.Length > MaxRawLength)
        {
            error = $"The identifier is longer than {MaxRawLength} characters.";
            return false;
        }

        var trimmed = WhiteSpace.Trim(raw);
        if (trimmed.IsEmpty)
        {
            error = "The identifier is empty.";
            return false;
        }

        // A full-width path names another page than a narrow one: the rule for URLs reads the host alone.
        var narrow = type == SellerIdentifierType.Url ? trimmed : FullWidth.ToAscii(trimmed);
        if (!TryApplyRule(type, narrow, region, out var canonical, out error))
        {
            return false;
        }

        identifier = new SellerIdentifier(type, canonical);
        return true;
    }

    /// <summary>
    /// The QQ number that an address of the form number@qq.com also stands for, as an identifier of its own. Tag both;
    /// never publish that the two belong together.
    /// </summary>
    public bool TryImplyQq([NotNullWhen(true)] out SellerIdentifier? qq)
    {
        const string Domain = "@qq.com";
        qq = null;
        return Type == SellerIdentifierType.Email
            && Canonical.EndsWith(Domain, StringComparison.Ordinal)
            && TryCanonicalize(SellerIdentifierType.Qq, Canonical.AsSpan()[..^Domain.Length], null, out qq, out _);
    }

    /// <summary>
    /// The input of the tag's function: <c>"wl-seller/v1" || 0x00 || type || 0x00 || canonical</c>, all in UTF-8.
    /// Personal data: the caller erases it.
    /// </summary>
    public byte[] ToTagInput()
    {
        var typeStart = Version.Length + 1;
        var canonicalStart = typeStart + Type.Name.Length + 1;
        var input = new byte[canonicalStart + Encoding.UTF8.GetByteCount(Canonical)];
        Encoding.ASCII.GetBytes(Version, input);
        Encoding.ASCII.GetBytes(Type.Name, input.AsSpan(typeStart));
        Encoding.UTF8.GetBytes(Canonical, input.AsSpan(canonicalStart));
        return input;
    }

    /// <inheritdoc/>
    public bool Equals(SellerIdentifier? other) =>
        other is not null && Type == other.Type && string.Equals(Canonical, other.Canonical, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SellerIdentifier);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(Canonical, StringComparison.Ordinal);

    /// <summary>The type only: logs and exceptions print objects, and the identifier must not get there.</summary>
    public override string ToString() => $"({Type.Name})";

    private static bool TryApplyRule(
        SellerIdentifierType type,
        ReadOnlySpan<char> raw,
        string? region,
        [NotNullWhen(true)] out string? canonical,
        [NotNullWhen(false)] out string? error) => type.Name switch
        {
            "tel" => TelephoneRule.TryApply(raw, region, out canonical, out error),
            "email" => EmailRule.TryApply(raw, out canonical, out error),
            "wechat" => HandleRules.TryApplyWeChat(raw, out canonical, out error),
            "qq" => HandleRules.TryApplyQq(raw, out canonical, out error),
            "pay:alipay" => raw.Contains('@')
                ? EmailRule.TryApply(raw, out canonical, out error)
                : TelephoneRule.TryApply(raw, region, out canonical, out error),
            "pay:iban" => IbanRule.TryApply(raw, out canonical, out error),
            "pay:evm" => EvmRule.TryApply(raw, out canonical, out error),
            "pay:bech32" => Bech32Rule.TryApply(raw, out canonical, out error),
            "pay:base58" => Base58Rule.TryApply(raw, out canonical, out error),
            "url" => UrlRule.TryApply(raw, out canonical, out error),
            _ => HandleRules.TryApplyAccount(raw, out canonical, out error),
        };
}
