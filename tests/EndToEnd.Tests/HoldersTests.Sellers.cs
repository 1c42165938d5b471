using System.Globalization;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <content>Two members that know the same sellers, each as its own systems write them.</content>
public sealed partial class HoldersTests
{
    private const int Sellers = 10_000;
    private const string FullWidthDigits = "０１２３４５６７８９";

    // What is dialled before a country's code from there; the code; what is dialled before a number within the country.
    private static readonly (string Region, string Abroad, string Code, string Trunk, string First, int Others)[] s_regions =
    [
        ("CN", "00", "86", "", "138", 8), ("GB", "00", "44", "0", "7400", 6), ("DE", "00", "49", "0", "1512", 7),
        ("KE", "000", "254", "0", "712", 6), ("VN", "00", "84", "0", "912", 6),
    ];

    [Fact]
    public async Task Tags_OfTenThousandSellersWrittenDifferently_AreEqualAtTwoMembers()
    {
        await File.WriteAllLinesAsync(
            coalition.Root.In("theirs.csv"), ["type,account,country", .. Enumerable.Range(0, Sellers).Select(i => Written(i, plainly: true))]);
        await File.WriteAllLinesAsync(
            coalition.Root.In("ours.csv"), ["type,account,country", .. Enumerable.Range(0, Sellers).Select(i => Written(i, plainly: false))]);

        var theirs = await TagsOfAsync("alpha", "theirs.csv");
        Assert.Equal(Sellers, theirs.Distinct().Count());
        Assert.Equal(theirs, await TagsOfAsync(HoldersFixture.Client, "ours.csv"));

        // Three of five are enough, whichever.
        await coalition.KillAsync("beta");
        await coalition.KillAsync("delta");
        Assert.Equal(theirs, await TagsOfAsync(HoldersFixture.Client, "ours.csv"));
        foreach (var holder in (string[])["beta", "delta"])
        {
            await coalition.StartAsync(holder);
            await CoalitionFixture.UntilReadyAsync(coalition.Folder(holder));
        }
    }

    private async Task<IReadOnlyList<string>> TagsOfAsync(string member, string file)
    {
        var (list, tags) = (coalition.Root.In(file), coalition.Root.In($"{Guid.NewGuid():N}.csv"));
        var ran = await Fednode.HereAsync(
            "tag", list, "--type-column", "type", "--column", "account", "--region-column", "country", "--epoch", "1", "--out", tags,
            "--data", coalition.Folder(member));
        Assert.True(ran.Code == 0, ran.ToString());
        return [.. (await File.ReadAllLinesAsync(tags)).Skip(1).Select(l => l[(l.IndexOf(',', StringComparison.Ordinal) + 1)..])];
    }

    /// <summary>A row of the seller with a number: a telephone number of one of five countries, or an address.</summary>
    private static string Written(int number, bool plainly)
    {
        if (number % 2 == 1)
        {
            var (local, domain) = ($"seller.{number}+shop", $"mail{number % 7}.example");
            return (plainly, number % 3) switch
            {
                (true, _) => $"email,{local}@{domain},",
                (_, 0) => $"email,  {local.ToUpperInvariant()}@{domain} ,XX",
                (_, 1) => $"email,{local} @ {domain.ToUpperInvariant()},",
                _ => $"email,{local}＠{domain},",
            };
        }

        var (region, abroad, code, trunk, first, others) = s_regions[number / 2 % s_regions.Length];
        var digits = first + (number / 2).ToString(CultureInfo.InvariantCulture).PadLeft(others, '0');
        return (plainly, number / 2 % 4) switch
        {
            (true, _) => $"tel,+{code}{digits},",
            (_, 0) => $"tel,{trunk}{digits[..3]} {digits[3..6]}-{digits[6..]},{region}",
            (_, 1) => $"tel,{abroad}{code} ({digits[..4]}) {digits[4..]},{region}",
            (_, 2) => $"tel,{string.Concat((trunk + digits).Select(d => FullWidthDigits[d - '0']))},{region.ToLowerInvariant()}",
            _ => $"tel,+{code}.{digits[..4]}.{digits[4..]},",
        };
    }
}
