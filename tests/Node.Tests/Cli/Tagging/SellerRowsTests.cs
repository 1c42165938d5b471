using System.Text;
using CsCheck;
using FederationNode.Node.Cli;
using FederationNode.Node.Cli.Tagging;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Node.Tests.Cli.Tagging;

/// <summary>How <c>fednode tag</c> reads a file: a bad row is told, and the next one is read.</summary>
public sealed class SellerRowsTests
{
    private static readonly ColumnChoice Phone = new("phone", null, null, null);

    [Fact]
    public async Task Read_GoodFile_HasEveryRowWithItsLine()
    {
        var rows = await ReadAsync(
            "user,phone,country,note\r\n1,+861,cn,\r\n\r\n2,\"+86,2\",,\"two\r\nlines\"\r\n3,+863, US ,\"say \"\"hi\"\"\"",
            new ColumnChoice("phone", null, "country", "user"),
            region: "DE");

        Assert.Equal([(2, "1", "+861", "cn"), (4, "2", "+86,2", "DE"), (6, "3", "+863", "US")],
            rows.Select(r => ((int)r.Line, r.Id, r.Raw, r.Seller!.Region)));
    }

    [Theory]
    [InlineData("2,+862", "it has 2 fields, and the first line has 3")]
    [InlineData("2,+862,x,y", "it has 4 fields")]
    [InlineData("2,+8\"62,x", "a quotation mark")]
    [InlineData("2,\"+862,x", "a quotation mark is not closed")]
    [InlineData("2,\"+862\"0,x", "a quotation mark stands where none may be")]
    [InlineData("2,+86\ufffd2,x", "not UTF-8")]
    public async Task Read_BadRowAmongGoodOnes_CostsThatRowAlone(string bad, string reason)
    {
        var rows = await ReadAsync($"id,phone,note\n1,+861,x\n{bad}\n3,+863,x\n4,+864,\"x\"\n", Phone);

        Assert.Equal([2L, 3, 4, 5], rows.Select(r => r.Line));
        Assert.Contains(reason, rows[1].Fault, StringComparison.Ordinal);
        Assert.Null(rows[1].Seller);
        Assert.Equal(["+861", "+863", "+864"], rows.Where(r => r.Fault is null).Select(r => r.Raw));
    }

    [Fact]
    public async Task ToString_RowAndWhatItHolds_NeverTheIdentifier()
    {
        var row = Assert.Single(await ReadAsync("phone\n+8613800138000\n", Phone));

        Assert.Equal(("line 2", "(tel)"), (row.ToString(), row.Seller!.ToString()));
    }

    [Fact]
    public async Task Read_LineOfEndlessLength_CostsThatLineAlone()
    {
        var rows = await ReadAsync($"phone\n+861\n{new string('9', 200_000)}\n+863\n", Phone);

        Assert.Equal(["+861", "", "+863"], rows.Select(r => r.Raw));
        Assert.Contains("more than 65536 characters", rows[1].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OpenQuotationMarkBeforeManyRows_CostsItsLineAlone()
    {
        var text = new StringBuilder("phone,note\n+860,\"open\n");
        for (var i = 1; i <= 20_000; i++)
        {
            text.Append("+86").Append(i).Append(",x\n");
        }

        var rows = await ReadAsync(text.ToString(), Phone);

        Assert.Equal(20_001, rows.Count);
        Assert.Equal(2, Assert.Single(rows, r => r.Fault is not null).Line);
    }

    [Fact]
    public async Task Read_OverlongIdentifierAndId_AreRefusedAndNotKeptWhole()
    {
        var rows = await ReadAsync(
            $"user,phone\n{new string('u', 129)},+861\n2,{new string('1', 60_000)}\n", new ColumnChoice("phone", null, null, "user"));

        Assert.Contains("more than 128", rows[0].Fault, StringComparison.Ordinal);
        Assert.Equal(SellerIdentifier.MaxRawLength + 1, rows[1].Raw.Length);
    }

    [Fact]
    public async Task Read_TypeColumn_GivesEachRowItsType()
    {
        var rows = await ReadAsync("tel,+861\nfax,+862\n acct:ebay ,x\n", new ColumnChoice("2", "1", null, null), header: false, type: null);

        Assert.Equal(["tel", null, "acct:ebay"], rows.Select(r => r.Seller?.Type.Name));
        Assert.StartsWith("its type cannot be one: Unknown", rows[1].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_LinesWithoutColumns_TakesEachAsItIs()
    {
        var rows = await ReadAsync("https://a.example/x,y\n\"q\"\n\n+86 1\r+862", new ColumnChoice(null, null, null, null), header: false, delimiter: null);

        Assert.Equal([(1, "https://a.example/x,y"), (2, "\"q\""), (4, "+86 1"), (5, "+862")], rows.Select(r => ((int)r.Line, r.Raw)));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("phone\n", 0)]
    [InlineData("\n\nphone\n+861", 1)]
    public async Task Read_EmptyFile_HasNoRows(string text, int count) => Assert.Equal(count, (await ReadAsync(text, Phone)).Count);

    // The first line may be an identifier, if somebody forgot to say that there is no header.
    [Theory]
    [InlineData("+8613800138000,x\n", "phone", 3)]
    [InlineData("+8613800138000,x\n", "3", 3)]
    [InlineData("+8613800138000,x\n", "0", 3)]
    [InlineData("+8613800138000,x\n", null, 2)]
    [InlineData("+8613800138000,\"x\n", "1", 3)]
    [InlineData("phone,+8613800138000,phone\n", "phone", 3)]
    public async Task Begin_NoSuchColumn_SaysSoWithoutTheFirstLine(string text, string? column, int code)
    {
        var refused = await Assert.ThrowsAsync<CliException>(() => ReadAsync(text, new ColumnChoice(column, null, null, null)));

        Assert.Equal(code, refused.ExitCode);
        Assert.DoesNotContain("8613800138000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_IdColumnThatHasTheIdentifier_Refused() =>
        Assert.Equal(2, (await Assert.ThrowsAsync<CliException>(
            () => ReadAsync("phone,x\n", new ColumnChoice("phone", null, null, "1")))).ExitCode);

    /// <summary>Whatever stands in a file: it is read to its end, and no row comes twice or out of order.</summary>
    [Fact]
    public Task Read_ArbitraryText_EndsWithLinesInOrder() =>
        Gen.String[Gen.Char["ab,\"\n\r\u00e9"], 0, 200].SampleAsync(
            async text =>
            {
                var rows = await ReadAsync("1\n" + text, new ColumnChoice("1", null, null, null), header: false);
                Assert.All(rows.Zip(rows.Skip(1)), pair => Assert.True(pair.First.Line < pair.Second.Line));
                Assert.All(rows, row => Assert.True((row.Fault is null) != (row.Seller is null)));
            },
            iter: 3_000);

    /// <summary>Rows that were written by the rules come back as they were.</summary>
    [Fact]
    public Task Read_QuotedFields_ComeBackAsTheyWere()
    {
        var field = Gen.String[Gen.Char["ab, ;\"\n象"], 1, 20];
        return Gen.Select(field, field).Array[1, 20].SampleAsync(
            async written =>
            {
                var text = string.Concat(written.Select(w => $"{Quoted(w.Item1)},{Quoted(w.Item2)}\n"));
                var rows = await ReadAsync(text, new ColumnChoice("1", null, null, "2"), header: false);
                Assert.Equal(written, rows.Select(r => (r.Raw, r.Id!)));
            },
            iter: 2_000);
    }

    private static string Quoted(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static Task<List<SellerRow>> ReadAsync(
        string text, ColumnChoice choice, bool header = true, char? delimiter = ',', string? region = null) =>
        ReadAsync(text, choice, header, SellerIdentifierType.Telephone, delimiter, region);

    private static async Task<List<SellerRow>> ReadAsync(
        string text, ColumnChoice choice, bool header, SellerIdentifierType? type, char? delimiter = ',', string? region = null)
    {
        using var rows = new SellerRows(
            new RecordReader(new PhysicalLines(new StringReader(text), RecordReader.MaxLength), delimiter), choice, header, type, region);
        await rows.BeginAsync(default);
        var read = new List<SellerRow>();
        while (await rows.ReadAsync(default) is { } row)
        {
            read.Add(row);
        }

        return read;
    }
}
