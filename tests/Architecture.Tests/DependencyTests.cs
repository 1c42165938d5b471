using System.Xml.Linq;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Architecture.Tests;

/// <summary>The projects may depend on one another only as the design says.</summary>
public sealed class DependencyTests
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Protocol", [] },
        { "Matching", ["Protocol"] },
        { "Contracts", ["Protocol"] },
        { "Grains", ["Contracts", "Matching", "Protocol"] },
        { "Audit", ["Protocol"] },
        { "Detector", ["Contracts", "Matching", "Protocol"] },
        { "Node", ["Audit", "Contracts", "Detector", "Grains", "Matching", "Protocol"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Project_References_OnlyWhatTheDesignAllows(string project, string[] allowed)
    {
        var references = ProjectReferences(project);
        Assert.Empty(references.Except(allowed));
    }

    [Fact]
    public void Projects_InSource_AreAllKnownToTheDesign()
    {
        var projects = Directory.GetFiles(Path.Combine(TestFiles.Repository, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension)
            .Order();
        Assert.Equal(Allowed.Select(row => row.Data.Item1).Order(), projects);
    }

    [Theory]
    [InlineData("Protocol")]
    [InlineData("Matching")]
    public void PureProject_HasBannedApis_AndNoFrameworkReference(string project)
    {
        var properties = File.ReadAllText(Path.Combine(TestFiles.Repository, "Directory.Build.props"));
        Assert.Contains($"'$(MSBuildProjectName)' == '{project}'", properties, StringComparison.Ordinal);
        var file = File.ReadAllText(ProjectFile(project));
        Assert.Contains("Microsoft.NET.Sdk\"", file, StringComparison.Ordinal);
        Assert.DoesNotContain("FrameworkReference", file, StringComparison.Ordinal);
    }

    [Fact]
    public void Source_HasNoFoldersThatSayNothing()
    {
        string[] vague = ["Helpers", "Services", "Managers", "Utils", "Common", "Misc"];
        var folders = Directory.GetDirectories(Path.Combine(TestFiles.Repository, "src"), "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName);
        Assert.Empty(folders.Intersect(vague));
    }

    [Fact]
    public void Source_HasNoUnfinishedWork()
    {
        string[] marks = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", "Thread" + ".Sleep"];
        var files = Directory.GetFiles(Path.Combine(TestFiles.Repository, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => File.ReadAllText(f) is var text && marks.Any(m => text.Contains(m, StringComparison.Ordinal)));
    }

    private static IReadOnlyList<string> ProjectReferences(string project) =>
        [.. XDocument.Load(ProjectFile(project)).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];

    private static string ProjectFile(string project) =>
        Path.Combine(TestFiles.Repository, "src", project, project + ".csproj");
}
