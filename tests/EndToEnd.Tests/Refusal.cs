using System.Security.Cryptography;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>What every refusal has in common.</summary>
internal static class Refusal
{
    /// <summary>The exit code, a message that says this, and nothing else: no answer, no stack trace.</summary>
    public static void AssertClear(Ran ran, int code, string says)
    {
        Assert.True(ran.Code == code, ran.ToString());
        Assert.Equal("", ran.Output);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.StartsWith("fednode: ", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("FederationNode.", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", ran.Error, StringComparison.Ordinal);
    }

    /// <summary>Every file of a folder with its digest, and every folder; the lock's file says nothing.</summary>
    public static SortedDictionary<string, string> Contents(string folder)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, entry);
            if (name != "node.lock")
            {
                contents[name] = Directory.Exists(entry) ? "" : Digest(entry);
            }
        }

        return contents;
    }

    private static string Digest(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
