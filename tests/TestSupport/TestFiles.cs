using System.Runtime.CompilerServices;

namespace FederationNode.TestSupport;

/// <summary>Finds the repository's own files, wherever the tests were built to.</summary>
public static class TestFiles
{
    /// <summary>The folder that holds FederationNode.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>A file below tests/vectors, for example <c>Vector("merkle", "inclusion.json")</c>.</summary>
    public static string Vector(params string[] parts) =>
        Path.Combine([Repository, "tests", "vectors", .. parts]);

    private static string FindRepository([CallerFilePath] string here = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(here)! })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "FederationNode.sln")))
                {
                    return folder.FullName;
                }
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds FederationNode.sln.");
    }
}
