using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Node.Api.Checking;
using FederationNode.Node.Api.Problems;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>The plain ways to read and to write a check, beside the serializer, which they must not differ from.</summary>
public sealed class CheckReaderTests
{
    private const int Rounds = 3_000;

    private static readonly string[] s_kinds = ["text", "seller", "image-pdq", "image-sha256", "picture"];

    [Fact]
    public void ReadRequest_AnyBody_ReadAsTheSerializerReadsIt()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var (taken, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var items = Enumerable.Range(0, random.Next(5)).Select(_ => Item(random));
            var body = Damage(Encoding.UTF8.GetBytes($"{{ \"items\":[{string.Join(" ,\n", items)}]}}"), random);
            var (expected, problem) = BySerializer(body);

            var read = CheckReader.ReadRequest(InPieces(body, random));

            var what = $"seed {seed}, round {round}: {Encoding.UTF8.GetString(body)}";
            Assert.True(problem?.ToProblem() == read.Problem?.ToProblem(), what);
            Assert.True((expected ?? []).SequenceEqual(read.Value is { } value ? value.All.ToArray() : []), what);
            read.Value?.Return();
            (taken, refused) = problem is null ? (taken + 1, refused) : (taken, refused + 1);
        }

        Assert.True(taken > Rounds / 10 && refused > Rounds / 10, $"seed {seed}: {taken} taken, {refused} refused");
    }

    [Fact]
    public void ReadLine_AnyLine_ReadAsTheSerializerReadsIt()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var line = Damage(Encoding.UTF8.GetBytes(Item(random)), random);
            var expected = RequestBody.Decode<CheckItem>(new ReadOnlySequence<byte>(line));
            var fault = expected.Value is { } any && ItemChecker.FaultOf(any) is { } found
                ? Fault.Invalid.Because($"{found.TrimStart('.')}.")
                : expected.Problem;

            var problem = CheckReader.ReadLine(InPieces(line, random), out var item);

            var what = $"seed {seed}, round {round}: {Encoding.UTF8.GetString(line)}";
            Assert.True(fault?.ToProblem() == problem?.ToProblem(), what);
            Assert.True((fault is null ? AskedItem.Of(expected.Value!) : default) == item, what);
        }
    }

    [Theory]
    [InlineData(Limits.MaxCheckItems, true)]
    [InlineData(Limits.MaxCheckItems + 1, false)]
    [InlineData(0, false)]
    public void ReadRequest_NumberOfItems_IsBounded(int count, bool isTaken)
    {
        var items = string.Join(',', Enumerable.Repeat("""{"kind":"text","value":"x"}""", count));

        var read = CheckReader.ReadRequest(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($"{{\"items\":[{items}]}}")));

        Assert.Equal(isTaken ? count : null, read.Value?.Count);
        Assert.Equal(!isTaken, read.Problem is not null);
        read.Value?.Return();
    }

    [Theory]
    [InlineData(null, Verdict.None, null)]
    [InlineData("a", Verdict.None, null)]
    [InlineData("\"\u8c61\n", Verdict.Review, "so <it> is")]
    [InlineData(null, Verdict.Review, "so it is")]
    public void WriteNoMatch_AnyVerdict_WrittenAsTheSerializerWritesIt(string? id, Verdict verdict, string? reason)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder, SkipValidation = true });
        json.WriteStartArray();
        CheckWriter.WriteNoMatch(json, id, new ItemVerdict(verdict, [], reason));
        CheckWriter.WriteNoMatch(json, id, new ItemVerdict(verdict, [], reason));
        json.WriteEndArray();
        json.Flush();

        var one = new CheckVerdict(id, verdict.ToText(), [], reason);
        Assert.Equal(JsonSerializer.Serialize<CheckVerdict[]>([one, one], ApiJson.Options), Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public void TryWriteNothing_Line_WrittenAsTheSerializerWritesIt(long line)
    {
        var buffer = new ArrayBufferWriter<byte>();

        Assert.True(CheckWriter.TryWriteNothing(buffer, line, null, ItemVerdict.None));

        var expected = JsonSerializer.Serialize(new CheckLine(line, null, "none", [], null, null), ApiJson.Options);
        Assert.Equal(expected + "\n", Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Fact]
    public void TryWriteNothing_SomethingIsToBeSaid_WritesNothing()
    {
        var buffer = new ArrayBufferWriter<byte>();

        Assert.False(CheckWriter.TryWriteNothing(buffer, 1, "a", ItemVerdict.None));
        Assert.False(CheckWriter.TryWriteNothing(buffer, 1, null, ItemVerdict.None with { Verdict = Verdict.Review }));
        Assert.False(CheckWriter.TryWriteNothing(buffer, 1, null, ItemVerdict.None with { Reason = "why" }));

        Assert.Equal(0, buffer.WrittenCount);
    }

    private static (List<AskedItem>? Items, ProblemResult? Problem) BySerializer(byte[] body)
    {
        var read = RequestBody.Decode<CheckRequest>(new ReadOnlySequence<byte>(body));
        if (read.Value is not { } request)
        {
            return (null, read.Problem);
        }

        if (request.Items.Count == 0)
        {
            return (null, Fault.Invalid.Because($"items must have 1 to {Limits.MaxCheckItems} items."));
        }

        var items = new List<AskedItem>();
        foreach (var (item, i) in request.Items.Select((item, i) => (item, i)))
        {
            if (ItemChecker.FaultOf(item) is { } fault)
            {
                return (null, Fault.Invalid.Because(string.Create(
                    CultureInfo.InvariantCulture, $"items[{i}]{(fault[0] == '.' ? "" : " ")}{fault}.")));
            }

            items.Add(AskedItem.Of(item));
        }

        return (items, null);
    }

    /// <summary>An item: mostly one that is taken, its properties in any order, its strings with and without escapes.</summary>
    private static string Item(Random random)
    {
        var kind = s_kinds[random.Next(random.Next(10) == 0 ? s_kinds.Length : 4)];
        var hex = new byte[32];
        random.NextBytes(hex);
        var value = random.Next(15) switch
        {
            0 => "",
            1 => Convert.ToHexString(hex),
            2 => Convert.ToHexStringLower(hex)[1..],
            _ when kind != "text" => Convert.ToHexStringLower(hex),
            3 => "\\ud800",
            _ => "carved \\n 象 \\u8c61",
        };
        if (random.Next(5) == 0 && value.Length > 0 && char.IsAsciiLetterLower(value[0]))
        {
            value = $"\\u{(int)value[0]:x4}{value[1..]}";
        }

        List<string> properties = [$"\"kind\":\"{kind}\"", $"\"value\" : \"{value}\""];
        if (random.Next(2) == 0)
        {
            properties.Add(random.Next(8) switch
            {
                0 => $"\"id\":\"{new string('i', 128 + random.Next(2))}\"",
                1 => "\"id\":null",
                2 => "\"id\":1",
                3 => properties[random.Next(2)],
                4 => "\"extra\":[{}]",
                _ => "\"id\":\"a\"",
            });
        }

        var order = properties.ToArray();
        random.Shuffle(order);
        return $"{{{string.Join(',', order)}}}";
    }

    private static byte[] Damage(byte[] json, Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                return json[..random.Next(json.Length)];
            case 1:
                json[random.Next(json.Length)] = (byte)random.Next(256);
                return json;
            case 2:
                return [.. json, .. "{}"u8];
            default:
                return json;
        }
    }

    private static ReadOnlySequence<byte> InPieces(byte[] bytes, Random random)
    {
        if (random.Next(2) == 0 || bytes.Length < 2)
        {
            return new ReadOnlySequence<byte>(bytes);
        }

        var cut = random.Next(1, bytes.Length);
        var first = new Piece(bytes.AsMemory(0, cut), 0);
        var last = first.Append(bytes.AsMemory(cut));
        return new ReadOnlySequence<byte>(first, 0, last, bytes.Length - cut);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
