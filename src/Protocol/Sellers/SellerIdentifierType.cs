using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// What a seller is identified by. The name is part of the tag's input, so one string under two types gives two
/// unrelated tags: <c>tel</c>, <c>email</c>, <c>wechat</c>, <c>qq</c>, <c>pay:alipay</c>, <c>pay:iban</c>,
/// <c>pay:evm</c>, <c>pay:bech32</c>, <c>pay:base58</c>, <c>url</c>, and <c>acct:&lt;platform&gt;</c> for an account
/// name on a platform. There is no type for bank cards, on purpose.
/// </summary>
public sealed record SellerIdentifierType
{
    /// <summary>Longest platform name in an <c>acct:</c> type, in characters: 32.</summary>
    public const int MaxPlatformLength = 32;

    private const string AccountPrefix = "acct:";

    private SellerIdentifierType(string name) => Name = name;

    /// <summary>A telephone number.</summary>
    public static SellerIdentifierType Telephone { get; } = new("tel");

    /// <summary>An e-mail address.</summary>
    public static SellerIdentifierType Email { get; } = new("email");

    /// <summary>A WeChat id.</summary>
    public static SellerIdentifierType WeChat { get; } = new("wechat");

    /// <summary>A QQ number.</summary>
    public static SellerIdentifierType Qq { get; } = new("qq");

    /// <summary>An Alipay account: the telephone number or e-mail address it goes by.</summary>
    public static SellerIdentifierType Alipay { get; } = new("pay:alipay");

    /// <summary>An International Bank Account Number.</summary>
    public static SellerIdentifierType Iban { get; } = new("pay:iban");

    /// <summary>An address of Ethereum or a chain with the same addresses.</summary>
    public static SellerIdentifierType Evm { get; } = new("pay:evm");

    /// <summary>A blockchain address in bech32 or bech32m.</summary>
    public static SellerIdentifierType Bech32 { get; } = new("pay:bech32");

    /// <summary>A blockchain address in base58.</summary>
    public static SellerIdentifierType Base58 { get; } = new("pay:base58");

    /// <summary>The address of a page: a shop, a profile.</summary>
    public static SellerIdentifierType Url { get; } = new("url");

    /// <summary>Every type except the <c>acct:</c> ones, which are as many as there are platforms.</summary>
    public static IReadOnlyList<SellerIdentifierType> Fixed { get; } =
        [Telephone, Email, WeChat, Qq, Alipay, Iban, Evm, Bech32, Base58, Url];

    /// <summary>The name, as it stands in the tag's input and in the indicator scheme.</summary>
    public string Name { get; }

    /// <summary>Whether this is an account on a platform.</summary>
    public bool IsAccount => Name.StartsWith(AccountPrefix, StringComparison.Ordinal);

    /// <summary>
    /// Reads a name, exactly as it is written above. A platform is 1 to <see cref="MaxPlatformLength"/> lower-case
    /// letters a-z, digits, dots and inner hyphens, starting and ending with a letter or digit.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> name,
        [NotNullWhen(true)] out SellerIdentifierType? type,
        [NotNullWhen(false)] out string? error)
    {
        foreach (var candidate in Fixed)
        {
            if (name.SequenceEqual(candidate.Name))
            {
                type = candidate;
                error = null;
                return true;
            }
        }

        type = null;
        if (!name.StartsWith(AccountPrefix, StringComparison.Ordinal))
        {
            error = "Unknown identifier type. Known are " + string.Join(", ", Fixed) + " and acct:<platform>.";
            return false;
        }

        if (!IsPlatform(name[AccountPrefix.Length..]))
        {
            error = $"The platform in acct:<platform> is 1 to {MaxPlatformLength} lower-case letters, digits, dots and "
                + "hyphens, and starts and ends with a letter or digit.";
            return false;
        }

        type = new SellerIdentifierType(name.ToString());
        error = null;
        return true;
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static bool IsPlatform(ReadOnlySpan<char> platform)
    {
        if (platform.Length is 0 or > MaxPlatformLength
            || !char.IsAsciiLetterOrDigit(platform[0])
            || !char.IsAsciiLetterOrDigit(platform[^1]))
        {
            return false;
        }

        foreach (var c in platform)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '-'))
            {
                return false;
            }
        }

        return true;
    }
}
