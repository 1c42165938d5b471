using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Node.Tests.Api;
using Xunit;

namespace FederationNode.Node.Tests.Cli;

/// <summary>A list to import is read as a stream, within limits, and only what was checked is published.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class ImportFileTests(SharedNode shared)
{
    private const string Header =
        "kind,value,lang,category,taxon,cites,action,confidence,severity,match,any_of,all_of,none_of,window,source\n";

    private static readonly long Expires = DateTimeOffset.UtcNow.AddDays(30).ToUnixTimeSeconds();

    [Theory]
    [InlineData("x", "line 3: it has more than 65,536 characters; this is perhaps no list")]
    [InlineData("\0", "line 3: it has more than 65,536 characters; this is perhaps no list")]
    [InlineData(",", "line 3: it has more than 65,536 characters; this is perhaps no list")]
    [InlineData("tusk,\n", "line 3: it has more than 65,536 characters; a quotation mark is perhaps not closed")]
    public void Check_LineWithoutEnd_IsRefusedAfterALittle(string endless, string says)
    {
        // The second line is sound, so that the third is named.
        var open = endless.Length > 1 ? "keyword,\"" : "";
        using var stream = new EndlessStream(Header + Row("good one") + open, endless);

        var refusal = Assert.Throws<CliException>(() => Check(stream, ImportLimits.Standard));

        Assert.Equal(ExitCode.BadFolder, refusal.ExitCode);
        Assert.StartsWith("list.csv, " + says, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was published.", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(stream.Given, 65_536, 1_000_000);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r")]
    [InlineData("\r\n")]
    [InlineData("keyword,ivory,en,ivory,,,review,80,medium,auto,,,,,\n")]
    public void Check_LinesWithoutEnd_AreRefusedAtTheLimit(string endless)
    {
        using var stream = new EndlessStream(Header, endless);

        var refusal = Assert.Throws<CliException>(() => Check(stream, new ImportLimits(65_536, 5_000)));

        const string Says = "list.csv, line 5001: a file has at most 5,000 lines: import it in parts";
        Assert.StartsWith(Says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ExactlyAsManyLinesAndCharactersAsAllowed_IsTaken()
    {
        var row = Row("as long as can be");
        var padded = row[..^1] + new string('s', 200 - row.Length + 1) + "\n";
        var file = Header + padded + Row("the last");

        Assert.Equal((2, 0), Counts(file, new ImportLimits(200, 3)));
        Assert.Throws<CliException>(() => Counts(file, new ImportLimits(199, 3)));
        Assert.Throws<CliException>(() => Counts(file, new ImportLimits(200, 2)));
    }

    [Fact]
    public void Check_LineBreaksInQuotedFields_CountToTheirRow()
    {
        var row = Row($"\"{string.Concat(Enumerable.Repeat("tusk\r\n", 20))}\"");

        Assert.Equal((1, 0), Counts(Header + row, new ImportLimits(200, 22)));
        var refusal = Assert.Throws<CliException>(() => Counts(Header + row, new ImportLimits(110, 22)));
        Assert.StartsWith("list.csv, line 2: it has more than 110", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadBatches_AfterTheCheck_GivesTheBatchesOfThePlan()
    {
        var text = Header + string.Concat(Enumerable.Range(0, 1200).Select(i => Row(Numbered("batch item", i % 1100))));
        var file = new ImportFile("list.csv", () => Bytes(text), ImportLimits.Standard);

        var plan = file.Check(Expires, null);
        var batches = file.ReadBatches().ToList();

        Assert.Equal((1100, 100), (plan.Rows, plan.Twice));
        Assert.Equal(plan.Batches, batches.Select(b => b.Key));
        Assert.Equal([500, 500, 100], batches.Select(b => b.Listings.Length));
        Assert.Equal("batch item 1099", batches[2].Listings[^1].Value);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("longer")]
    [InlineData("shorter")]
    [InlineData("malformed")]
    [InlineData("not there")]
    public async Task Publish_FileChangedAfterTheCheck_PublishesOnlyWhatWasChecked(string how)
    {
        var rows = Enumerable.Range(0, 600).Select(i => Row(Numbered(how, i))).ToList();
        var first = Header + string.Concat(rows);
        var second = how switch
        {
            "changed" => first.Replace(Numbered(how, 599), "unheard of", StringComparison.Ordinal),
            "longer" => first + Row("one more of them"),
            "shorter" => Header + string.Concat(rows.Take(500)),
            "malformed" => Header + string.Concat(rows.Take(500)) + "keyword,\n" + string.Concat(rows.Skip(500)),
            _ => "",
        };
        var opened = 0;
        var file = new ImportFile("list.csv", () => Bytes(opened++ == 0 ? first : second), ImportLimits.Standard);
        using var client = new NodeClient(shared.Node.Client.BaseAddress!.ToString(), ApiNode.KeyOf(ApiRole.Analyst));
        var plan = file.Check(Expires, null);
        var before = await SizeAsync();

        var refusal = await Assert.ThrowsAsync<CliException>(
            () => new Import("list.csv", file, plan, client).PublishAsync(Expires, _ => { }, default));

        var published = how == "not there" ? 0 : 500;
        Assert.Equal(ExitCode.BadFolder, refusal.ExitCode);
        var says = string.Create(CultureInfo.InvariantCulture, $"{published} of 600 rows are published");
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before + published, await SizeAsync());
    }

    private static ImportPlan Check(Stream stream, ImportLimits limits) =>
        new ImportFile("list.csv", () => stream, limits).Check(Expires, null);

    private static (int Rows, int Twice) Counts(string text, ImportLimits limits)
    {
        var plan = Check(Bytes(text), limits);
        return (plan.Rows, plan.Twice);
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string Numbered(string text, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{text} {number}");

    private static string Row(string value) => $"keyword,{value},en,ivory,,,review,80,medium,auto,,,,,\n";

    private async Task<long> SizeAsync()
    {
        using var answer = await shared.Node.GetAsync(ApiRoutes.Logs, ApiRole.Auditor);
        var logs = await ApiNode.ReadAsync<IReadOnlyList<LogRow>>(answer);
        return logs.SingleOrDefault(l => l.Origin == "test/acme/indicators/1")?.Size ?? 0;
    }

    /// <summary>A beginning, then the same again and again.</summary>
    private sealed class EndlessStream(string beginning, string endless) : Stream
    {
        private readonly byte[] _beginning = Encoding.UTF8.GetBytes(beginning);
        private readonly byte[] _endless = Encoding.UTF8.GetBytes(endless);

        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Given;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            for (var i = 0; i < count; i++, Given++)
            {
                buffer[offset + i] = Given < _beginning.Length
                    ? _beginning[Given]
                    : _endless[(Given - _beginning.Length) % _endless.Length];
            }

            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
