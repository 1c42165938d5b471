using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Replica;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>What a replica keeps on disk.</summary>
public sealed class ReplicaFileTests : IDisposable
{
    private const int Many = 1_000_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-replica-").FullName;

    private string Kept => Path.Combine(_folder, ReplicaFile.Name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_CutAnywhere_GivesAStateThatWasKeptOrNothing()
    {
        var states = Keep();
        var bytes = File.ReadAllBytes(Kept);
        var seen = new HashSet<string>();
        for (var length = 0; length <= bytes.Length; length++)
        {
            seen.Add(LoadAndCompare(bytes[..length], states, length == bytes.Length));
        }

        Assert.Equal([.. states.Keys.Append("").Order()], seen.Order());
    }

    [Fact]
    public void Load_OneByteChanged_GivesAStateThatWasKeptOrNothing()
    {
        var states = Keep();
        var bytes = File.ReadAllBytes(Kept);
        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            Assert.NotEqual("c3", LoadAndCompare(changed, states, isWhole: false));
        }
    }

    [Fact]
    public void Load_AfterATornEnd_IsGoneOnFromThere()
    {
        var states = Keep();
        File.WriteAllBytes(Kept, File.ReadAllBytes(Kept)[..^1]);
        using (var file = new ReplicaFile(_folder))
        {
            var (_, place) = file.Load(Many, out var fault)!.Value;
            Assert.Equal("c2", place.Cursor);
            Assert.Contains("torn", fault, StringComparison.Ordinal);
            var (id, row) = Row("later");
            file.Append([new(id, row)], Place("c4"));
        }

        using var again = new ReplicaFile(_folder);
        var (list, last) = again.Load(Many, out var none)!.Value;
        Assert.Null(none);
        Assert.Equal("c4", last.Cursor);
        Assert.Equal(states["c2"].Length + 1, list.Count);
    }

    [Fact]
    public void Load_MoreThanMayBe_IsRefused()
    {
        Keep();
        using var file = new ReplicaFile(_folder);

        Assert.Null(file.Load(2, out var fault));
        Assert.Contains("more than 2 indicators", fault, StringComparison.Ordinal);
    }

    /// <summary>A base and two pages; the ids that are held at each cursor.</summary>
    private Dictionary<string, Hash256[]> Keep()
    {
        var rows = Enumerable.Range(0, 4).Select(i => Row(string.Create(CultureInfo.InvariantCulture, $"word {i}"))).ToArray();
        var list = new ReplicaList();
        foreach (var (id, row) in rows[..3])
        {
            list.Put(id, row);
        }

        using var file = new ReplicaFile(_folder);
        Assert.Null(file.Load(Many, out var fault));
        Assert.Null(fault);
        file.Write(list, Place("c1"));
        file.Append([new(rows[3].Id, rows[3].Row)], Place("c2"));
        file.Append([new(rows[0].Id, null)], Place("c3"));
        return new Dictionary<string, Hash256[]>
        {
            ["c1"] = [.. rows[..3].Select(r => r.Id)],
            ["c2"] = [.. rows.Select(r => r.Id)],
            ["c3"] = [.. rows[1..].Select(r => r.Id)],
        };
    }

    private string LoadAndCompare(byte[] bytes, Dictionary<string, Hash256[]> states, bool isWhole)
    {
        File.WriteAllBytes(Kept, bytes);
        using var file = new ReplicaFile(_folder);
        if (file.Load(Many, out var fault) is not var (list, place))
        {
            Assert.True(fault is not null || bytes.Length == 0);
            return "";
        }

        // Rows that were read behind the last place are newer, and are told of again: at most those of one page.
        var held = states[place.Cursor];
        Assert.InRange(held.Except(list.Rows.Select(r => r.Key)).Count() + list.Rows.Select(r => r.Key).Except(held).Count(), 0, 1);
        Assert.Equal(isWhole, place.Cursor == "c3" && fault is null);
        return place.Cursor;
    }

    private static (Hash256 Id, byte[] Row) Row(string word)
    {
        var row = ScriptedNode.Row(ScriptedNode.Keyword(word));
        Assert.True(Hash256.TryParseHex(row.Id, out var id));
        return (id, ReplicaRow.Encode(id, row)!);
    }

    private static ReplicaPlace Place(string cursor) =>
        new("test", "acme", cursor, new RosterFacts(1, 2, ["acme"]), new string('0', 64), 3, 1_790_000_000);
}
