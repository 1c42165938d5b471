using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

/// <summary>The JSON of rosters, as a hostile or careless writer may make it.</summary>
public sealed class RosterJsonTests
{
    private const string Header = "fednode/roster/1\n";

    private static readonly string[] s_texts =
        [Demo.Third.ToText(), Demo.Anchor.ToText(), Encoding.UTF8.GetString(EnrolmentRequestTests.Signed())];

    /// <summary>The path of every value of the document: all of them are needed.</summary>
    public static TheoryData<string> Paths() =>
    [
        "coalition", "version", "issued", "expires", "secretariat", "secretariat.threshold", "secretariat.keys",
        "sellerKeys", "sellerKeys.0.type", "sellerKeys.0.epoch", "sellerKeys.0.publicKey", "members", "members.1.name",
        "members.1.status", "members.1.roles", "members.1.endpoint", "members.1.tlsPin", "members.1.logs",
        "members.1.logs.0.vkey", "members.1.logs.0.closedAt.size", "members.1.logs.0.closedAt.root",
        "sellerKeys.1.holders", "sellerKeys.1.commitments", "sellerKeys.1.quota.day", "sellerKeys.1.quota.minute",
        "members.1.quota.day", "members.1.quota.minute",
    ];

    [Theory]
    [MemberData(nameof(Paths))]
    public void TryParse_PropertyMissing_IsRefused(string path) =>
        AssertRefused(Edit(path, (parent, name) => parent.Remove(name)));

    [Theory]
    [MemberData(nameof(Paths))]
    public void TryParse_PropertyOfEveryOtherType_IsRefused(string path)
    {
        var kind = Find(Document(), path).Parent[Find(Document(), path).Name]!.GetValueKind();
        foreach (var odd in new[] { "null", "true", "7.5", "-1", "1e400", "123456789012345678901234567890", "\"\\ud800\"", "\"odd text\"", "{}", "[]", "[[]]", "[1]", "[null]", "[\"\\udc00\"]", "[{}]" })
        {
            // An empty list, an object whose members are then missing, and free text are of the right type somewhere.
            if (odd == "[]" && kind == System.Text.Json.JsonValueKind.Array && !path.EndsWith("roles", StringComparison.Ordinal) && path != "members" && path != "secretariat.keys")
            {
                continue;
            }

            AssertRefused(Edit(path, (parent, name) => parent[name] = JsonNode.Parse("\"@\"")).Replace("\"@\"", odd, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void TryParse_PropertyTwice_IsRefused(string path)
    {
        var name = path[(path.LastIndexOf('.') + 1)..];
        var text = Edit(path, (parent, key) => parent["twin-of-it"] = parent[key]!.DeepClone());

        Assert.True(RosterDocument.TryParse(text, out _, out var error), error);
        AssertRefused(text.Replace("twin-of-it", name, StringComparison.Ordinal));
        AssertRefused(text.Replace("twin-of-it", $"\\u{(int)name[0]:x4}{name[1..]}", StringComparison.Ordinal));
    }

    [Fact]
    public void TryParse_UnknownProperties_AreIgnored()
    {
        var text = Document();
        text["note"] = JsonNode.Parse("""{"a":[1,2,{"b":null}]}""");
        text["members"]![1]!["colour"] = "blue";

        Assert.True(RosterDocument.TryParse(Header + text.ToJsonString() + "\n", out var document, out var error), error);
        Assert.Equal(3, document.Version);
    }

    [Theory]
    [InlineData("version", "0")]
    [InlineData("version", "2147483648")]
    [InlineData("version", "2.0")]
    [InlineData("version", "2e0")]
    [InlineData("version", "\"2\"")]
    [InlineData("issued", "253402300800")]
    [InlineData("expires", "9223372036854775808")]
    [InlineData("secretariat.threshold", "0")]
    [InlineData("secretariat.threshold", "17")]
    [InlineData("sellerKeys.0.epoch", "0")]
    [InlineData("sellerKeys.0.epoch", "1000000")]
    [InlineData("sellerKeys.1.quota.day", "0")]
    [InlineData("sellerKeys.1.quota.minute", "1099511627777")]
    [InlineData("members.1.quota", "null")]
    [InlineData("members.1.quota", "7")]
    [InlineData("members.1.status", "\"Active\"")]
    [InlineData("members.1.logs.0.closedAt.size", "1099511627777")]
    [InlineData("members.1.logs.0.closedAt", "null")]
    [InlineData("members.1.logs.0.vkey", "\"demo/alpha/indicators/1\"")]
    [InlineData("members.1.tlsPin", "\"00\"")]
    public void TryParse_ValueBeyondItsLimit_IsRefused(string path, string json) =>
        AssertRefused(Edit(path, (parent, name) => parent[name] = JsonNode.Parse("\"@\"")).Replace("\"@\"", json, StringComparison.Ordinal));

    [Fact]
    public void TryParse_UpperCaseHex_IsRefused() =>
        AssertRefused(Edit("members.1.tlsPin", (parent, name) => parent[name] = parent[name]!.ToString().ToUpperInvariant()));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{} {}")]
    [InlineData("{}//")]
    [InlineData("{,}")]
    public void TryParse_NoObject_IsRefused(string json) => AssertRefused(Header + json + "\n");

    [Theory]
    [InlineData("fednode/roster/2\n")]
    [InlineData("fednode/roster/1\r\n")]
    [InlineData("fednode/roster/1")]
    [InlineData("fednode/coalition/1\n")]
    [InlineData("\ufefffednode/roster/1\n")]
    [InlineData("")]
    public void TryParse_AnotherHeader_IsRefused(string header) =>
        AssertRefused(header + Demo.Second.ToText()[Header.Length..]);

    [Fact]
    public void TryParse_DeepNesting_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000));

        AssertRefused(Header + deep);
        AssertRefused(Demo.Third.ToText().Replace("\"coalition\"", $"\"x\": {new string('[', 20)}{new string(']', 20)}, \"coalition\"", StringComparison.Ordinal));
    }

    [Fact]
    public void TryParse_TooManyMembersLogsOrKeys_IsRefused()
    {
        AssertRefused(Edit("members", (parent, name) => Fill(parent[name]!.AsArray(), 1001)));
        AssertRefused(Edit("members.1.logs", (parent, name) => Fill(parent[name]!.AsArray(), 65)));
        AssertRefused(Edit("secretariat.keys", (parent, name) => Fill(parent[name]!.AsArray(), 17)));
        AssertRefused(Edit("sellerKeys.1.holders", (parent, name) => Fill(parent[name]!.AsArray(), 33)));
        AssertRefused(Edit("sellerKeys.1.commitments", (parent, name) => Fill(parent[name]!.AsArray(), 32)));
    }

    [Fact]
    public void TryParse_ArbitraryText_NeverThrows() =>
        Gen.Select(Gen.OneOf("fednode/roster/1\n", "fednode/coalition/1\n", "fednode/enrolment/1\n", ""), Gen.OneOf(Gen.String, JsonLike))
            .Sample((header, rest) => Check(header + rest));

    [Fact]
    public void TryParse_MutatedText_NeverThrows() =>
        Gen.OneOf(s_texts).SelectMany(t => HostileBytes.Mutations(Encoding.UTF8.GetBytes(t)))
            .Sample(bytes => Check(Encoding.Latin1.GetString(bytes)), iter: 2000);

    [Fact]
    public void TryOpen_MutatedOrArbitraryNote_NeverThrows() =>
        Gen.OneOf(
                Gen.OneOf(Demo.Sign(Demo.Third, 1, 2), EnrolmentRequestTests.Signed()).SelectMany(HostileBytes.Mutations),
                HostileBytes.Arbitrary)
            .Sample(
                bytes =>
                {
                    _ = RosterChain.TryOpenFirst(bytes, Demo.Anchor, out _, out _);
                    _ = RosterChain.TryOpenNext(bytes, Demo.First, out _, out _);
                    _ = EnrolmentRequest.TryOpen(bytes, out _, out _);
                },
                iter: 2000);

    private static Gen<string> JsonLike =>
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"coalition\"", "\"version\"", "\"members\"", "\"keys\"", "\"\\ud800\"", "\"\\udc00x\"", "\ud800", "1", "1e9999", "null", " ", "\n")
            .Array[0, 30].Select(string.Concat);

    private static void Check(string text)
    {
        Assert.Equal(RosterDocument.TryParse(text, out var document, out var error), document is not null);
        Assert.Equal(document is null, error is not null);
        Assert.Equal(TrustAnchor.TryParse(text, out var anchor, out error), anchor is not null);
        Assert.Equal(anchor is null, error is not null);
        if (text.Length > 0)
        {
            var note = Encoding.UTF8.GetBytes(text + "\n\n\u2014 a AAAAAAAA\n");
            _ = SignedNote.TryParse(note, out _, out _) && EnrolmentRequest.TryOpen(note, out _, out _);
        }
    }

    private static void AssertRefused(string text)
    {
        Assert.False(RosterDocument.TryParse(text, out var document, out var error), text);
        Assert.Null(document);
        Assert.NotEmpty(error);
    }

    private static void Fill(JsonArray list, int count)
    {
        while (list.Count < count)
        {
            list.Add(list[0]!.DeepClone());
        }
    }

    private static JsonObject Document()
    {
        var closed = Demo.Third.With("alpha", m => m with
        {
            Logs = [m.Logs[0] with { ClosedAt = new Protocol.Entries.LogHead(m.Logs[0].Origin.Text, 5, Demo.Pin("r")) }, m.Logs[1]],
        });
        return JsonNode.Parse(closed.ToText()[Header.Length..])!.AsObject();
    }

    private static string Edit(string path, Action<JsonObject, string> edit)
    {
        var root = Document();
        var (parent, name) = Find(root, path);
        edit(parent, name);
        return Header + root.ToJsonString() + "\n";
    }

    private static (JsonObject Parent, string Name) Find(JsonObject root, string path)
    {
        var steps = path.Split('.');
        JsonNode node = root;
        foreach (var step in steps[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(step)]! : node[step]!;
        }

        return (node.AsObject(), steps[^1]);
    }
}
