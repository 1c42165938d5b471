using System.Globalization;
using System.Threading.Channels;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Node.Tests.Api;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>Checks of any number of items, and of files.</summary>
[Collection(SharedNodeTests.Name)]
public sealed class CheckManyTests(SharedNode shared)
{
    private const string Line1 = "{\"line\":1,\"id\":null,\"verdict\":\"none\",\"matches\":[],\"error\":null}\n";
    private const string RestOfEnd = ",\"errors\":0,\"error\":null,\"listVersion\":\"\",\"listSize\":0,\"ageSeconds\":0,\"stale\":false}\n";

    private readonly ApiNode _node = shared.Node;

    [Fact]
    public async Task CheckMany_ThousandsOfAllSizes_AnswersAllInTheirOrder()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var word = Some.Word();
        await _node.PublishAsync(Some.Keyword(word));
        var listed = Enumerable.Range(0, 6000).Select(_ => random.Next(10) == 0).ToArray();
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));

        var answers = new List<CheckVerdict>();
        await foreach (var verdict in detector.CheckManyAsync(Items()))
        {
            answers.Add(verdict);
        }

        Assert.Equal(listed.Length, answers.Count);
        for (var i = 0; i < listed.Length; i++)
        {
            Assert.True(answers[i].Id == i.ToString(CultureInfo.InvariantCulture), $"seed {seed}, item {i}");
            Assert.True(answers[i].Verdict == (listed[i] ? "review" : "none"), $"seed {seed}, item {i}");
        }

        async IAsyncEnumerable<CheckItem> Items()
        {
            for (var i = 0; i < listed.Length; i++)
            {
                if (random.Next(100) == 0)
                {
                    await Task.Yield();
                }

                // Now and then one that is longer than a whole request of many.
                var filler = new string('x', random.Next(500) == 0 ? 90_000 : random.Next(200));
                yield return new CheckItem("text", $"{filler} {(listed[i] ? word : "bicycle")} 象", i.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    [Fact]
    public async Task CheckMany_SlowSource_AnswersWhatIsThereBeforeMoreComes()
    {
        var items = Channel.CreateUnbounded<CheckItem>();
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        await using var verdicts = detector.CheckManyAsync(items.Reader.ReadAllAsync()).GetAsyncEnumerator();

        for (var i = 0; i < 3; i++)
        {
            await items.Writer.WriteAsync(new CheckItem("text", "a bicycle", i.ToString(CultureInfo.InvariantCulture)));
            Assert.True(await verdicts.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), verdicts.Current.Id);
        }

        items.Writer.Complete();
        Assert.False(await verdicts.MoveNextAsync());
    }

    [Fact]
    public async Task CheckMany_LeftEarly_StopsTheSource()
    {
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        var ended = false;
        await foreach (var _ in detector.CheckManyAsync(Items()))
        {
            break;
        }

        Assert.True(ended);

        async IAsyncEnumerable<CheckItem> Items([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token = default)
        {
            try
            {
                yield return new CheckItem("text", "a");
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Fact]
    public async Task CheckLines_WrongItem_HasAnErrorAndDisturbsNoOther()
    {
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        CheckItem[] items = [new("text", "a", "1"), new("seller", "no tag", "2"), new("text", "b", "3")];

        var lines = new List<CheckLine>();
        await foreach (var line in detector.CheckLinesAsync(items.ToAsyncEnumerable()))
        {
            lines.Add(line);
        }

        Assert.Equal([(1L, "none"), (2L, null), (3L, "none")], lines.Select(l => (l.Line, l.Verdict)));
        Assert.Contains("64 lower-case", lines[1].Error!.Detail, StringComparison.Ordinal);
        var refusal = await Assert.ThrowsAsync<DetectorException>(() => DrainAsync(detector, items));
        Assert.StartsWith("Item 2: ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Line1)]
    [InlineData(Line1 + "{\"line\":2,\"id\":nu")]
    [InlineData(Line1 + "{\"end\":true,\"count\":1" + RestOfEnd)]
    [InlineData(Line1 + "{\"end\":true,\"count\":2" + RestOfEnd)]
    [InlineData(Line1 + "{\"end\":false,\"count\":1" + RestOfEnd)]
    [InlineData(Line1 + Line1)]
    [InlineData("<html>\n")]
    public async Task CheckMany_AnswerThatIsNotWhole_Throws(string answer)
    {
        using var detector = new FederationDetector(
            new Uri("http://127.0.0.1:1"), "key", new ScriptedNode((_, _) => ScriptedNode.Answer(200, "application/x-ndjson", answer)));

        await Assert.ThrowsAsync<DetectorException>(
            () => DrainAsync(detector, [new CheckItem("text", "a"), new CheckItem("text", "b")]));
    }

    [Fact]
    public async Task CheckImage_ListedPictureTurned_IsFoundOverTheForm()
    {
        var original = await File.ReadAllBytesAsync(TestFiles.Vector("pdq", "bridge-1-original.jpg"));
        var turned = await File.ReadAllBytesAsync(TestFiles.Vector("pdq", "bridge-2-rotate-90.jpg"));
        using var detector = new FederationDetector(_node.Client.BaseAddress!, ApiNode.KeyOf(ApiRole.Detector));
        var first = await detector.CheckImageAsync(original);
        await _node.PublishAsync(new ListingRequest { Kind = "image-pdq", Value = first.Image!.Pdq!, Category = "other", Action = "block" });

        var answer = await detector.CheckFormAsync(
            [FormPart.Image(turned, "turned"), FormPart.Text("象牙 \"bangle\"", "t"), FormPart.Seller(Some.Hex())]);

        Assert.Equal([("turned", "block"), ("t", "none"), (null, "none")], answer.Items.Select(i => (i.Id, i.Verdict)));
        Assert.Throws<ArgumentException>(() => FormPart.Text(""));
        Assert.Throws<ArgumentException>(() => FormPart.Text("a", "a\"b"));
        Assert.Throws<ArgumentException>(() => FormPart.Image(Array.Empty<byte>()));
        await Assert.ThrowsAsync<ArgumentException>(() => detector.CheckFormAsync([]));
    }

    private static async Task DrainAsync(FederationDetector detector, CheckItem[] items)
    {
        await foreach (var _ in detector.CheckManyAsync(items.ToAsyncEnumerable()))
        {
        }
    }
}
