using System.Text.Json;
using FederationNode.Matching.Images;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

/// <summary>The pictures and hashes published with the reference implementation.</summary>
public class PdqVectorTests
{
    private static readonly (string File, PdqHash Hash)[] Expected = ReadExpected();

    public static TheoryData<string> Files => new(Expected.Select(entry => entry.File));

    [Theory]
    [MemberData(nameof(Files))]
    public void TryHash_PublishedPicture_GivesPublishedHash(string file)
    {
        var result = Hash(file);
        var distance = result.Hash.Distance(Expected.Single(entry => entry.File == file).Hash);

        // JPEG leaves the last bit of a pixel to the decoder; a PNG does not.
        Assert.InRange(distance, 0, file.EndsWith(".png", StringComparison.Ordinal) ? 0 : 2);
        Assert.Equal(file == "small.jpg" ? 0 : 100, result.Quality);
        Assert.Equal(file != "small.jpg", result.IsReliable);
    }

    [Fact]
    public void TryHash_Bridge_GivesTheHashesOfItsTurnedCopies()
    {
        var bridge = Hash("bridge-1-original.jpg");
        var turned = Expected.Where(entry => entry.File.StartsWith("bridge-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(8, turned.Length);
        foreach (var orientation in Enum.GetValues<PdqOrientation>())
        {
            var nearest = turned.MinBy(entry => entry.Hash.Distance(bridge[orientation]));
            Assert.Equal(turned[(int)orientation].File, nearest.File);
            Assert.InRange(bridge[orientation].Distance(nearest.Hash), 0, 18);
        }
    }

    [Fact]
    public void FindDihedral_TurnedCopy_FindsThePublishedOriginal()
    {
        var index = new PdqIndex();
        index.Add(Expected[0].Hash, 7);
        index.Add(Expected.Single(entry => entry.File == "c.png").Hash, 8);
        foreach (var (file, _) in Expected.Where(entry => entry.File.StartsWith("bridge-", StringComparison.Ordinal)))
        {
            var matches = new List<PdqMatch>();
            index.FindDihedral(Hash(file).Orientations, matches);
            Assert.Equal(7, Assert.Single(matches).Id);
        }
    }

    private static PdqResult Hash(string file)
    {
        Assert.True(PdqImage.TryHash(File.ReadAllBytes(TestFiles.Vector("pdq", file)), out var result, out var error));
        Assert.Null(error);
        return result;
    }

    private static (string, PdqHash)[] ReadExpected()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(TestFiles.Vector("pdq", "expected.json")));
        return [.. json.RootElement.EnumerateArray().Select(entry =>
        {
            Assert.True(PdqHash.TryParse(entry.GetProperty("pdq").GetString(), out var hash, out _));
            return (entry.GetProperty("file").GetString()!, hash);
        })];
    }
}
