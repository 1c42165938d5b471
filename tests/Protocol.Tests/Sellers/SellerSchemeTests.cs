using System.Text;
using CsCheck;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers;

public class SellerSchemeTests
{
    [Theory]
    [InlineData("voprf/tel/1")]
    [InlineData("voprf/pay:iban/12")]
    [InlineData("voprf/acct:ebay/999999")]
    [InlineData("voprf/acct:shop-24.example/3")]
    public void TryParse_Scheme_WritesTheSameText(string text)
    {
        Assert.True(SellerScheme.TryParse(text, out var scheme, out var error), error);
        Assert.Equal(text, scheme.ToString());
        Assert.Equal(text, Encoding.ASCII.GetString(scheme.ToBytes()));
        Assert.Equal(scheme, new SellerScheme(scheme.Type, scheme.Epoch));
    }

    [Theory]
    [InlineData("", "voprf/<type>/<epoch>")]
    [InlineData("voprf/", "voprf/<type>/<epoch>")]
    [InlineData("voprf/tel", "voprf/<type>/<epoch>")]
    [InlineData("VOPRF/tel/1", "voprf/<type>/<epoch>")]
    [InlineData("sha256/tel/1", "voprf/<type>/<epoch>")]
    [InlineData("voprf//1", "Unknown identifier type")]
    [InlineData("voprf/fax/1", "Unknown identifier type")]
    [InlineData("voprf/Tel/1", "Unknown identifier type")]
    [InlineData("voprf/pay:card/1", "Unknown identifier type")]
    [InlineData("voprf/tel/1/2", "Unknown identifier type")]
    [InlineData("voprf/acct:/1", "The platform")]
    [InlineData("voprf/acct:eBay/1", "The platform")]
    [InlineData("voprf/acct:-ebay/1", "The platform")]
    [InlineData("voprf/acct:ebay./1", "The platform")]
    [InlineData("voprf/acct:e_bay/1", "The platform")]
    [InlineData("voprf/acct:a23456789012345678901234567890123/1", "The platform")]
    [InlineData("voprf/tel/", "The epoch")]
    [InlineData("voprf/tel/0", "The epoch")]
    [InlineData("voprf/tel/01", "The epoch")]
    [InlineData("voprf/tel/+1", "The epoch")]
    [InlineData("voprf/tel/-1", "The epoch")]
    [InlineData("voprf/tel/1 ", "The epoch")]
    [InlineData("voprf/tel/2147483648", "The epoch")]
    public void TryParse_AnythingElse_IsRefusedWithTheReason(string text, string reason)
    {
        Assert.False(SellerScheme.TryParse(text, out var scheme, out var error));
        Assert.Null(scheme);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_ArbitraryText_NeverThrowsAndAcceptsOnlyItsOwnOutput()
    {
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["voprf/tel:1acct0-."], 0, 20].Select(text => "voprf/" + text)).Sample(
            text =>
            {
                if (SellerScheme.TryParse(text, out var scheme, out var error))
                {
                    Assert.Equal(text, scheme.ToString());
                }
                else
                {
                    Assert.NotEmpty(error);
                }
            });
    }

    [Fact]
    public void Constructor_EpochZero_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SellerScheme(SellerIdentifierType.Qq, 0));
    }
}
