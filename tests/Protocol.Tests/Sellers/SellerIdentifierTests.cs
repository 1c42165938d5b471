using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using CsCheck;
using FederationNode.Protocol.Sellers;
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
        var (type, raw, region, canonical, reason) = SellerIdentifierCases.All[row];

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
            Assert.Contains(reason!, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Table_Rows_AreAtLeastOneHundredAndFiftyAndDistinct()
    {
        Assert.InRange(SellerIdentifierCases.All.Count, 150, int.MaxValue);
        Assert.Equal(
            SellerIdentifierCases.All.Count,
            SellerIdentifierCases.All.Select(row => (row.Type, row.Raw, row.Region)).Distinct().Count());
        Assert.All(
            SellerIdentifierType.Fixed,
            type => Assert.Contains(SellerIdentifierCases.All, row => row.Type == type.Name && row.Canonical is null));
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
        Gen.String[Gen.Char["+0123456789 -.()@x#;:/?&%=abcXYZ_\u00a0\u0660\uff11象\ud83d\ude00\0"], 0, 40],
        Gen.Select(
            Gen.OneOf([.. SellerIdentifierCases.All.Select(row => row.Raw)]),
            Gen.Int[0, 4000],
            Gen.Char,
            (raw, at, c) => raw.Insert(at % (raw.Length + 1), c.ToString())));

    private static IEnumerable<string> DigitRuns(string raw) =>
        new string([.. raw.Select(c => char.IsAsciiDigit(c) ? c : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(run => run.Length >= 4);

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
