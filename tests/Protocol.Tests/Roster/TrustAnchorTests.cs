using System.Text.Json.Nodes;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

public sealed class TrustAnchorTests
{
    private const string Header = "fednode/coalition/1\n";

    [Fact]
    public void TryParse_WrittenAnchor_IsTheSameAnchor()
    {
        Assert.True(TrustAnchor.TryParse(Demo.Anchor.ToText(), out var anchor, out var error), error);
        Assert.Equal(Demo.Anchor.SecretariatKeys, anchor.SecretariatKeys.AsEnumerable());
        Assert.Equal(Demo.Anchor with { SecretariatKeys = anchor.SecretariatKeys }, anchor);
        Assert.StartsWith(Header, Demo.Anchor.ToText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coalition")]
    [InlineData("threshold")]
    [InlineData("keys")]
    [InlineData("rosterLog")]
    [InlineData("endpoint")]
    [InlineData("tlsPin")]
    public void TryParse_PropertyMissingTwiceOrOdd_IsRefused(string name)
    {
        var json = Demo.Anchor.ToText()[Header.Length..];
        var without = JsonNode.Parse(json)!.AsObject();
        without.Remove(name);

        AssertRefused(Header + without.ToJsonString());
        foreach (var odd in new[] { "null", "{}", "[1]", "[]", "\"\\ud800\"", "-1", "99" })
        {
            AssertRefused(Header + $"{{\"{name}\": {odd}," + without.ToJsonString()[1..]);
            AssertRefused(Header + $"{{\"{name}\": {odd}," + json.TrimStart('{'));
        }
    }

    [Fact]
    public void TryParse_UnknownProperty_IsIgnored() =>
        Assert.True(TrustAnchor.TryParse(Demo.Anchor.ToText().Replace("{\n", "{ \"x\": [],\n", StringComparison.Ordinal), out _, out _));

    [Fact]
    public void TryParse_AnchorWithAFault_IsRefused()
    {
        var anchor = Demo.Anchor;
        foreach (var faulty in new[]
        {
            anchor with { Coalition = "Demo" },
            anchor with { Coalition = "other" },
            anchor with { Threshold = 4 },
            anchor with { SecretariatKeys = [] },
            anchor with { SecretariatKeys = Demo.Keys(1, 2, 1) },
            anchor with { SecretariatKeys = [.. Demo.Keys(1, 2), Low("demo/secretariat/key-3")] },
            anchor with { SecretariatKeys = [.. Demo.Keys(1, 2), VerificationKey.Create("w", NoteKeyType.Cosignature, Demo.SecretariatKey(3).VerificationKey.PublicKey)] },
            anchor with { RosterLogKey = Demo.LogKey("alpha", "roster").VerificationKey },
            anchor with { RosterLogKey = Demo.LogKey("secretariat", "receipts").VerificationKey },
            anchor with { RosterLogKey = Demo.SecretariatKey(1).VerificationKey },
            anchor with { RosterLogKey = Low("demo/secretariat/roster/1") },
            anchor with { RosterLogKey = VerificationKey.Create("demo/secretariat/roster/1", NoteKeyType.Ed25519, Demo.SecretariatKey(1).VerificationKey.PublicKey) },
            anchor with { Endpoint = "" },
            anchor with { Endpoint = "https://node.example:7100/" },
        })
        {
            AssertRefused(faulty.ToText());
        }
    }

    private static VerificationKey Low(string name) =>
        VerificationKey.Create(name, NoteKeyType.Ed25519, [1, .. new byte[31]]);

    private static void AssertRefused(string text)
    {
        Assert.False(TrustAnchor.TryParse(text, out var anchor, out var error), text);
        Assert.Null(anchor);
        Assert.NotEmpty(error);
    }
}
