using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using FederationNode.Protocol.Sellers;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers;

public class SellerIdentifierTests
{
    private const string Marker = "zq7x9k";

    /// <summary>The table by row number: xunit would print the raw texts differently on every terminal.</summary>
    public static TheoryData<int> Rows() => [.. Enumerable.Range(0, SellerIdentifierCases.All.Count)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void TryCanonicalize_Table_AcceptsOrGivesTheReason(int row)
    {
        var (type, region, raw, canonical, reason) = SellerIdentifierCases.All[row];

        var accepted = SellerIdentifier.TryCanonicalize(Type(type), raw, region, out var identifier, out var error);

        if (canonical is not null)
        {
            Assert.True(accepted, $"{type} '{raw}' refused: {error}");
            Assert.Null(error);
            Assert.Equal(canonical, identifier!.Canonical);
        }
        else
        {
            Assert.False(accepted, $"{type} '{raw}' became '{identifier?.Canonical}'");
            Assert.Null(identifier);
            Assert.Equal(reason, error);
        }
    }

    [Fact]
    public void Table_Rows_AreDistinctAndHalfRefusals()
    {
        var refused = SellerIdentifierCases.All.Count(row => row.Canonical is null);
        Assert.InRange(SellerIdentifierCases.All.Count, 450, int.MaxValue);
        Assert.InRange(refused, SellerIdentifierCases.All.Count / 2, int.MaxValue);
        Assert.Equal(
            SellerIdentifierCases.All.Count,
            SellerIdentifierCases.All.Select(row => (row.Type, row.Raw, row.Region)).Distinct().Count());
        Assert.All(SellerIdentifierCases.All, row => Assert.True((row.Canonical is null) != (row.Reason is null)));
        Assert.Contains(
            $"cases.json` has {SellerIdentifierCases.All.Count} identifiers",
            File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "protocol.md")),
            StringComparison.Ordinal);
        foreach (var isAccepted in new[] { true, false })
        {
            Assert.All(
                SellerIdentifierType.Fixed,
                type => Assert.Contains(
                    SellerIdentifierCases.All, row => row.Type == type.Name && row.Canonical is not null == isAccepted));
        }
    }

    // Neither JSON nor an attribute can hold half a character.
    [Fact]
    public void TryCanonicalize_HalfACharacter_Refused()
    {
        const char High = (char)0xd83d;
        const char Low = (char)0xdc18;
        foreach (var half in new[] { $"{High}", $"{Low}", $"{Low}{High}" })
        {
            AssertRefused("url", $"https://shop.example.org/{half}");
            AssertRefused("url", $"https://{half}.example/");
            AssertRefused("email", $"jane@{half}.example");
            AssertRefused("email", $"{half}jane@example.org");
            AssertRefused("acct:ebay", $"ivory{half}");
            AssertRefused("acct:ebay", half);
            AssertRefused("tel", $"+86138{half}00138000");
        }
    }

    [Fact]
    public void TryCanonicalize_CanonicalText_IsItsOwnCanonicalForm()
    {
        foreach (var row in SellerIdentifierCases.All.Where(row => row.Canonical is not null))
        {
            Assert.True(
                SellerIdentifier.TryCanonicalize(Type(row.Type), row.Canonical, null, out var again, out var error),
                $"{row.Type} '{row.Canonical}': {error}");
            Assert.Equal(row.Canonical, again.Canonical);
        }
    }

    // Errors end up in logs, which leave the company's control more easily than its user table.
    [Fact]
    public void TryCanonicalize_RefusedRow_ErrorDoesNotRepeatTheIdentifier()
    {
        foreach (var row in SellerIdentifierCases.All.Where(row => row.Canonical is null && row.Raw.Trim().Length > 1))
        {
            SellerIdentifier.TryCanonicalize(Type(row.Type), row.Raw, row.Region, out _, out var error);
            Assert.DoesNotContain(row.Raw.Trim(), error, StringComparison.OrdinalIgnoreCase);
            Assert.All(DigitRuns(row.Raw), run => Assert.DoesNotContain(run, error, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void TryCanonicalize_MarkerAnywhereInAnyRow_ErrorDoesNotContainIt()
    {
        var refused = 0;
        foreach (var row in SellerIdentifierCases.All)
        {
            var middle = row.Raw.Insert(row.Raw.Length / 2, Marker);
            foreach (var raw in new[] { Marker + row.Raw, row.Raw + Marker, middle })
            {
                if (!SellerIdentifier.TryCanonicalize(Type(row.Type), raw, row.Region, out _, out var error))
                {
                    refused++;
                    Assert.DoesNotContain(Marker, error, StringComparison.OrdinalIgnoreCase);
                }
            }

            SellerIdentifier.TryCanonicalize(Type(row.Type), row.Raw, Marker, out _, out var regionError);
            Assert.DoesNotContain(Marker, regionError ?? "", StringComparison.OrdinalIgnoreCase);
        }

        Assert.InRange(refused, 300, int.MaxValue);
    }

    [Fact]
    public void TryCanonicalize_ArbitraryText_NeverThrowsAndIsIdempotent()
    {
        var types = Gen.OneOf([.. SellerIdentifierType.Fixed, Type("acct:ebay")]);
        var region = Gen.OneOf<string?>(null, "", "CN", "us", "XX", "\ud800");
        Gen.Select(types, AnyText, region).Sample(
            (type, raw, region) =>
            {
                if (SellerIdentifier.TryCanonicalize(type, raw, region, out var identifier, out var error))
                {
                    Assert.Null(error);
                    Assert.True(
                        SellerIdentifier.TryCanonicalize(type, identifier.Canonical, region, out var again, out error),
                        error);
                    Assert.Equal(identifier, again);
                }
                else
                {
                    Assert.Null(identifier);
                    Assert.NotEmpty(error);
                }
            },
            iter: 20_000);
    }

    /// <summary>However a mobile number is written, inside its region or from abroad, it is one seller.</summary>
    [Fact]
    public void TryCanonicalize_SpellingsOfANumber_AgreeAndOtherNumbersDiffer()
    {
        var plans = Gen.OneOf(
            ("CN", "86", "", "00", "138", 8), ("US", "1", "1", "011", "202555", 4), ("GB", "44", "0", "00", "7911", 6),
            ("DE", "49", "0", "00", "1512", 7), ("FR", "33", "0", "00", "612", 6), ("KE", "254", "0", "000", "712", 6),
            ("TH", "66", "0", "001", "812", 6), ("VN", "84", "0", "00", "903", 6), ("RU", "7", "8", "810", "912", 7));
        var separator = Gen.OneOf("", " ", "-", ".", "\u00a0", "\u2011", "\u200b", "\uff0d");
        var zero = Gen.OneOf('0', '\uff10', '\u0660', '\u0e50', '\u1040');
        Gen.Select(plans, Gen.Int[0, 99_999_999], separator, zero, Gen.Bool).Sample(
            (plan, number, separator, zero, lower) =>
            {
                var (region, code, trunk, exit, prefix, length) = plan;
                var rest = number.ToString("D8", System.Globalization.CultureInfo.InvariantCulture)[^length..];
                var national = prefix + rest;
                var expected = $"+{code}{national}";
                var spellings = new[]
                {
                    (expected, (string?)null),
                    ($"+{code}{separator}{Spaced(national, separator)}", null),
                    ($"\uff0b{code} ({prefix}) {rest}", null),
                    (trunk + Spaced(national, separator), region),
                    ($"{exit} {code} {national}", region),
                    ($"+{code} {national}", "BR"),
                    ($"{expected} ext. 7", null),
                };
                foreach (var (raw, home) in spellings)
                {
                    var written = InDigits(raw, zero);
                    var given = lower ? home?.ToLowerInvariant() : home;
                    Assert.True(
                        SellerIdentifier.TryCanonicalize(Type("tel"), written, given, out var identifier, out var error),
                        $"{written} {given}: {error}");
                    Assert.Equal(expected, identifier.Canonical);
                }
            },
            iter: 3_000);
    }

    /// <summary>Case, full-width forms and marks around it change nothing.</summary>
    [Fact]
    public void TryCanonicalize_SpellingsOfAHandle_Agree()
    {
        var types = Gen.OneOf("email", "wechat", "acct:ebay");
        var name = Gen.String[Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789_-"], 5, 15];
        Gen.Select(types, name, Gen.Int[0, int.MaxValue]).Sample(
            (type, name, mask) =>
            {
                var plain = "x" + name + (type == "email" ? "@example.org" : "");
                var written = "\u202a " + new string([.. plain.Select((c, i) => Written(c, mask >> (i % 31)))]) + "\ufeff";
                Assert.Equal(Canonical(type, plain), Canonical(type, written));
            },
            iter: 5_000);
    }

    /// <summary>Our encoder against the runtime's, which has the same RFC 3492 inside.</summary>
    [Fact]
    public void HostName_LabelsOfManyScripts_AreTheALabelsThatTheRuntimeKnows()
    {
        var letters = Gen.Char["abcxyzäöüéçñøåżščžабвгдежзклмнαβγδεζηθ中文象牙商店例子ひらがなカタカナ한국가나다"];
        var runtime = new System.Globalization.IdnMapping();
        Gen.String[letters, 1, 10].Sample(
            label =>
            {
                var expected = runtime.GetAscii(label.Normalize(NormalizationForm.FormC));
                Assert.Equal($"jane@{expected}.example", Canonical("email", $"jane@{label}.example").Canonical);
            },
            iter: 5_000);
    }

    /// <summary>
    /// The metadata is part of the rules. If this fails, the package was changed: find out which canonical texts differ,
    /// and give the rules another version in docs/protocol.md, "Canonical identifiers", which states the hash as well.
    /// </summary>
    [Fact]
    public void PhoneNumberLibrary_Metadata_IsThatOfTheRules()
    {
        var assembly = typeof(PhoneNumbers.PhoneNumberUtil).Assembly;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(n => n.Contains(".PhoneNumberMetadata", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            hash.AppendData(SHA256.HashData(stream));
        }

        var digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        Assert.Equal("9.0.43", assembly.GetName().Version!.ToString(3));
        var protocol = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "protocol.md"));
        Assert.True(protocol.Contains(digest, StringComparison.Ordinal), digest);
    }

    [Fact]
    public void ToString_Identifier_ShowsTheTypeOnly()
    {
        Assert.Equal("(email)", Canonical("email", "jane@example.org").ToString());
    }

    [Fact]
    public void ToTagInput_Telephone_IsVersionTypeAndCanonicalWithZeroBytesBetween()
    {
        var input = Canonical("tel", "+86 138 0013 8000").ToTagInput();

        Assert.Equal("wl-seller/v1\0tel\0+8613800138000", Encoding.UTF8.GetString(input));
    }

    [Fact]
    public void TryImplyQq_QqMailbox_GivesTheNumberAsAnIdentifierOfItsOwn()
    {
        Assert.True(Canonical("email", "10001@QQ.com").TryImplyQq(out var qq));
        Assert.Equal(Canonical("qq", "10001"), qq);
    }

    [Theory]
    [InlineData("email", "jane@qq.com")]
    [InlineData("email", "10001@qq.com.example")]
    [InlineData("email", "01000@qq.com")]
    [InlineData("acct:ebay", "10001@qq.com")]
    public void TryImplyQq_AnythingElse_GivesNothing(string type, string raw)
    {
        Assert.False(Canonical(type, raw).TryImplyQq(out _));
    }

    // The core must not read files or call home: the telephone metadata comes from the package's own resources.
    [Fact]
    public void PhoneNumberLibrary_TypesItReferences_DoNoFileOrNetworkInput()
    {
        using var stream = File.OpenRead(typeof(PhoneNumbers.PhoneNumberUtil).Assembly.Location);
        using var portable = new PEReader(stream);
        var metadata = portable.GetMetadataReader();
        var referenced = metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .ToHashSet();

        Assert.Contains("System.IO.Stream", referenced);
        Assert.DoesNotContain(
            referenced,
            name => name.StartsWith("System.Net", StringComparison.Ordinal)
                || name is "System.IO.File" or "System.IO.FileInfo" or "System.IO.FileStream" or "System.IO.Directory"
                || name.StartsWith("System.Diagnostics.Process", StringComparison.Ordinal));
    }

    private static Gen<string> AnyText { get; } = Gen.OneOf(
        Gen.String,
        Gen.String[Gen.Char["+0123456789 -.()@x#;:/?&%=abcXYZ_\u00a0\u0660\uff11象\ud83d\ude00\0\u00df\u3002\u0301\u2488\uff20\u0130"], 0, 40],
        Gen.Select(
            Gen.OneOf([.. SellerIdentifierCases.All.Select(row => row.Raw)]),
            Gen.Int[0, 4000],
            Gen.Char,
            (raw, at, c) => raw.Insert(at % (raw.Length + 1), c.ToString())));

    private static string Spaced(string digits, string separator) =>
        digits[..3] + separator + digits[3..6] + separator + digits[6..];

    private static string InDigits(string text, char zero) =>
        new([.. text.Select(c => char.IsAsciiDigit(c) ? (char)(zero + (c - '0')) : c)]);

    private static char Written(char c, int bits)
    {
        c = (bits & 1) != 0 ? char.ToUpperInvariant(c) : c;
        return (bits & 2) != 0 ? (char)(c + 0xfee0) : c;
    }

    private static IEnumerable<string> DigitRuns(string raw) =>
        new string([.. raw.Select(c => char.IsAsciiDigit(c) ? c : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(run => run.Length >= 4);

    private static void AssertRefused(string type, string raw) =>
        Assert.False(SellerIdentifier.TryCanonicalize(Type(type), raw, null, out _, out _));

    private static SellerIdentifier Canonical(string type, string raw)
    {
        Assert.True(SellerIdentifier.TryCanonicalize(Type(type), raw, null, out var identifier, out var error), error);
        return identifier;
    }

    private static SellerIdentifierType Type(string name)
    {
        Assert.True(SellerIdentifierType.TryParse(name, out var type, out var error), error);
        return type;
    }
}
