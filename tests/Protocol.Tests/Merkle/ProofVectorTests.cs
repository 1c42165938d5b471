using System.Text.Json;
using FederationNode.Protocol.Merkle;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class ProofVectorTests
{
    [Fact]
    public void InclusionVerify_Vectors_AsLabelled()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("merkle", "inclusion.json")));
        var run = 0;
        foreach (var c in cases.RootElement.EnumerateArray())
        {
            // A hash of another length cannot reach the verifier: the type refuses it.
            var accepted = TryHash(c.GetProperty("leafHash"), out var leaf)
                && TryHash(c.GetProperty("root"), out var root)
                && TryProof(c.GetProperty("proof"), out var proof)
                && InclusionProof.Verify(leaf, Number(c, "leafIdx"), Number(c, "treeSize"), proof, root);
            Assert.True(accepted != c.GetProperty("wantErr").GetBoolean(), c.GetProperty("name").GetString());
            run++;
        }

        Assert.Equal(98, run);
    }

    [Fact]
    public void ConsistencyVerify_Vectors_AsLabelled()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Vector("merkle", "consistency.json")));
        var run = 0;
        foreach (var c in cases.RootElement.EnumerateArray())
        {
            var accepted = TryProof(c.GetProperty("proof"), out var proof)
                && ConsistencyProof.Verify(
                    Number(c, "size1"), Number(c, "size2"), Root(c, "root1"), Root(c, "root2"), proof);
            Assert.True(accepted != c.GetProperty("wantErr").GetBoolean(), c.GetProperty("name").GetString());
            run++;
        }

        Assert.Equal(98, run);
    }

    /// <summary>
    /// Some vectors give words instead of roots, because only their equality matters: hashing them keeps it.
    /// </summary>
    private static Hash256 Root(JsonElement c, string name) =>
        TryHash(c.GetProperty(name), out var root) ? root : Hash256.Of(c.GetProperty(name).GetBytesFromBase64());

    /// <summary>Numbers beyond 63 bits become negative, as they would for a caller that casts.</summary>
    private static long Number(JsonElement c, string name) => unchecked((long)c.GetProperty(name).GetUInt64());

    private static bool TryHash(JsonElement text, out Hash256 hash) =>
        Hash256.TryParseBase64(text.GetString(), out hash);

    private static bool TryProof(JsonElement element, out Hash256[] proof)
    {
        proof = element.ValueKind == JsonValueKind.Null ? [] : new Hash256[element.GetArrayLength()];
        for (var i = 0; i < proof.Length; i++)
        {
            if (!TryHash(element[i], out proof[i]))
            {
                return false;
            }
        }

        return true;
    }
}
