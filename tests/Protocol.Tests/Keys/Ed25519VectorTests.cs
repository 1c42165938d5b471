using System.Text.Json;
using FederationNode.Protocol.Keys;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Keys;

public sealed class Ed25519VectorTests
{
    [Fact]
    public void Verify_SpeccheckCases_AcceptsOnlyCaseThree()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("ed25519", "speccheck.json")));
        var accepted = cases.RootElement.EnumerateArray()
            .Select(c => Verify(Hex(c, "pub_key"), Hex(c, "message"), Hex(c, "signature")))
            .ToArray();

        Assert.Equal(12, accepted.Length);
        Assert.Equal([3], Enumerable.Range(0, 12).Where(i => accepted[i]));
    }

    [Fact]
    public void Verify_WycheproofCases_AgreesWithEveryLabel()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("ed25519", "wycheproof.json")));
        var run = 0;
        foreach (var group in cases.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var key = Hex(group.GetProperty("publicKey"), "pk");
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var expected = test.GetProperty("result").GetString() == "valid";
                var id = test.GetProperty("tcId").GetInt32();
                Assert.True(expected == Verify(key, Hex(test, "msg"), Hex(test, "sig")), $"case {id}");
                run++;
            }
        }

        Assert.Equal(151, run);
    }

    private static bool Verify(byte[] publicKey, byte[] message, byte[] signature) =>
        VerificationKey.Create("vector", NoteKeyType.Ed25519, publicKey).Verify(message, signature);

    private static byte[] Hex(JsonElement element, string property) =>
        Convert.FromHexString(element.GetProperty(property).GetString()!);
}
