using FederationNode.Grains.Storage;
using Orleans.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>What the rows promise, on each database, through Orleans' own ADO.NET provider.</summary>
public sealed class RowStoreTests
{
    private static readonly string[] TrickyKeys =
    [
        // Orleans would take these for the same number or GUID.
        "ff", "0ff", "FF", "1", "01", "-1", "0", "1+x", "01+x",
        "00000000000000000000000000000001", "00000000000000000000000000000001+x",

        // What SQL, paths, LIKE or collations could mistake.
        "a'b", "a\"b", "a;--", "a%b", "a_b", "a\\b", "@ServiceId", "a/b/c+d", "a", "A", "a ", " a", "\t", "\n",
        "coalition.example/member-1/indicators/0",

        // Composed and decomposed, and beyond the basic plane.
        "象牙", "象 牙", "é", "e\u0301", "𠮷", "🐘", "\u200b", "\uffff",
        new string('x', RowStore.MaxKeyLength), new string('x', RowStore.MaxKeyLength - 1) + "y",
        new string('象', RowStore.MaxKeyLength),
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task ReadAsync_NoSuchRow_IsNull(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        Assert.Null(await storage.Rows.ReadAsync<NoteState>("head", "a"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_ThenRead_GivesStateAndETag(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        var first = await storage.Rows.WriteAsync("head", "a", Note("one"), null);
        var second = await storage.Rows.WriteAsync("head", "a", Note("two"), first);
        await storage.Rows.WriteAsync("count", "a", new CountState(7, ["x", "象牙"]), null);

        var row = await storage.Rows.ReadAsync<NoteState>("head", "a");
        Assert.Equal("two", row!.Value.Text);
        Assert.Equal(second, row.ETag);
        Assert.NotEqual(first, second);
        var count = (await storage.Rows.ReadAsync<CountState>("count", "a"))!.Value;
        Assert.Equal(7, count.Count);
        Assert.Equal(["x", "象牙"], count.Names);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_NullETagOnExistingRow_Conflicts(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        await storage.Rows.WriteAsync("head", "a", Note("one"), null);

        var conflict = await Assert.ThrowsAsync<RowConflictException>(
            () => storage.Rows.WriteAsync("head", "a", Note("two"), null));

        Assert.IsAssignableFrom<InconsistentStateException>(conflict);
        Assert.Equal(("head", "a"), (conflict.Kind, conflict.Key));
        Assert.Equal("one", (await storage.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_StaleETag_ConflictsAndKeepsTheRow(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var first = await storage.Rows.WriteAsync("head", "a", Note("one"), null);
        var second = await storage.Rows.WriteAsync("head", "a", Note("two"), first);

        await Assert.ThrowsAsync<RowConflictException>(
            () => storage.Rows.WriteAsync("head", "a", Note("three"), first));

        var row = await storage.Rows.ReadAsync<NoteState>("head", "a");
        Assert.Equal(("two", second), (row!.Value.Text, row.ETag));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_ETagOfARowThatDoesNotExist_ConflictsAndCreatesNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        await Assert.ThrowsAsync<RowConflictException>(
            () => storage.Rows.WriteAsync("head", "a", Note("one"), "1"));

        Assert.Null(await storage.Rows.ReadAsync<NoteState>("head", "a"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_ManyWritersWithOneETag_ExactlyOneWinsEachVersion(string backend)
    {
        const int Writers = 16;
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        // A second store has its own queue, so the database itself has to decide.
        await using var other = await OfflineStorage.CreateAsync(sandbox.Connection);
        string? etag = null;
        for (var round = 0; round < 8; round++)
        {
            var expected = etag;
            var attempts = await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
            {
                try
                {
                    var rows = writer % 2 == 0 ? storage.Rows : other.Rows;
                    var text = $"{round}/{writer}";
                    return (Text: text, ETag: await rows.WriteAsync("head", "a", Note(text), expected));
                }
                catch (RowConflictException)
                {
                    return (Text: null!, ETag: null!);
                }
            }));

            var winner = Assert.Single(attempts, a => a.ETag is not null);
            var row = await storage.Rows.ReadAsync<NoteState>("head", "a");
            Assert.Equal((winner.Text, winner.ETag), (row!.Value.Text, row.ETag));
            etag = winner.ETag;
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_ManyRowsAtOnce_AllAreThere(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var keys = Enumerable.Range(0, 200).Select(i => $"k{i:d3}").ToArray();

        await Task.WhenAll(keys.Select(key => storage.Rows.WriteAsync("bundle", key, Note(key), null)));

        foreach (var key in keys)
        {
            Assert.Equal(key, (await storage.Rows.ReadAsync<NoteState>("bundle", key))!.Value.Text);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ClearAsync_ThenRead_RowIsGoneAndItsBytesToo(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var etag = await storage.Rows.WriteAsync("payload", "a", Note("secret"), null);

        await storage.Rows.ClearAsync("payload", "a", etag);

        Assert.Null(await storage.Rows.ReadAsync<NoteState>("payload", "a"));
        var left = await sandbox.ExecuteAsync("SELECT COUNT(PayloadBinary) FROM OrleansStorage");
        Assert.Equal(0L, left);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ClearAsync_StaleETag_ConflictsAndKeepsTheRow(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var first = await storage.Rows.WriteAsync("head", "a", Note("one"), null);
        await storage.Rows.WriteAsync("head", "a", Note("two"), first);

        await Assert.ThrowsAsync<RowConflictException>(() => storage.Rows.ClearAsync("head", "a", first));
        await Assert.ThrowsAsync<RowConflictException>(() => storage.Rows.ClearAsync("head", "missing", first));

        Assert.Equal("two", (await storage.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_AfterClear_NoOldETagEverFits(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var first = await storage.Rows.WriteAsync("head", "a", Note("one"), null);
        await storage.Rows.ClearAsync("head", "a", first);

        var again = await storage.Rows.WriteAsync("head", "a", Note("two"), null);

        Assert.NotEqual(first, again);
        await Assert.ThrowsAsync<RowConflictException>(
            () => storage.Rows.WriteAsync("head", "a", Note("three"), first));
        Assert.Equal("two", (await storage.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_LargestVersion_GoesOnWithOne(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        await storage.Rows.WriteAsync("head", "a", Note("one"), null);
        await sandbox.ExecuteAsync("UPDATE OrleansStorage SET Version = 2147483647");

        Assert.Equal("1", await storage.Rows.WriteAsync("head", "a", Note("two"), "2147483647"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_OneMebibyte_ReadsBackEqual(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var bytes = new byte[1 << 20];
        new Random(20).NextBytes(bytes);

        await storage.Rows.WriteAsync("payload", "big", new NoteState { Bytes = bytes }, null);

        Assert.Equal(bytes, (await storage.Rows.ReadAsync<NoteState>("payload", "big"))!.Value.Bytes);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_TrickyKeys_AreAllDifferentRows(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var keys = TrickyKeys;
        foreach (var key in keys)
        {
            await storage.Rows.WriteAsync("head", key, Note(key), null);
        }

        foreach (var key in keys)
        {
            Assert.Equal(key, (await storage.Rows.ReadAsync<NoteState>("head", key))!.Value.Text);
        }

        var listed = await ListAsync(storage.Rows, "head");
        Assert.Equal(keys.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteAsync_SameKeyOfOtherKind_IsAnotherRow(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        await storage.Rows.WriteAsync("head", "a", Note("head"), null);
        await storage.Rows.WriteAsync("payload", "a", Note("payload"), null);

        Assert.Equal("head", (await storage.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
        Assert.Equal("payload", (await storage.Rows.ReadAsync<NoteState>("payload", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ListKeysAsync_MoreThanAPage_GivesLiveKeysInOrder(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var keys = Enumerable.Range(0, 1001).Select(i => $"k{i:d4}").ToArray();
        foreach (var chunk in keys.Chunk(100))
        {
            await Task.WhenAll(chunk.Select(key => storage.Rows.WriteAsync("bundle", key, Note(key), null)));
        }

        await storage.Rows.WriteAsync("head", "other", Note("other"), null);
        await storage.Rows.ClearAsync("bundle", "k0500", "1");

        Assert.Equal(keys.Where(k => k != "k0500"), await ListAsync(storage.Rows, "bundle"));
        Assert.Empty(await ListAsync(storage.Rows, "payload"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OpenAsync_AfterRestart_FindsRowsAndETags(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        string etag;
        await using (var before = await OfflineStorage.CreateAsync(sandbox.Connection))
        {
            etag = await before.Rows.WriteAsync("head", "a", Note("one"), null);
        }

        await using var after = await OfflineStorage.OpenAsync(sandbox.Connection);
        var row = await after.Rows.ReadAsync<NoteState>("head", "a");
        Assert.Equal(("one", etag), (row!.Value.Text, row.ETag));
        await after.Rows.WriteAsync("head", "a", Note("two"), etag);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ReadAsync_FlippedBitInStoredRow_NamesTheRow(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        await storage.Rows.WriteAsync("bundle", "a/7", Note("one"), null);
        var bytes = (byte[])(await sandbox.ExecuteAsync("SELECT PayloadBinary FROM OrleansStorage"))!;
        bytes[^2] ^= 0x10;
        await sandbox.ExecuteAsync("UPDATE OrleansStorage SET PayloadBinary = @bytes", ("bytes", bytes));

        var damage = await Assert.ThrowsAsync<CorruptStateException>(
            () => storage.Rows.ReadAsync<NoteState>("bundle", "a/7"));

        Assert.Equal(("bundle", "a/7"), (damage.Kind, damage.Key));
        Assert.StartsWith("The stored row 'bundle' of 'a/7' is damaged: its checksum", damage.Message);
        await storage.Rows.WriteAsync("bundle", "a/7", Note("anew"), damage.ETag);
        Assert.Equal("anew", (await storage.Rows.ReadAsync<NoteState>("bundle", "a/7"))!.Value.Text);
    }

    [Theory]
    [InlineData("", "a")]
    [InlineData("Head", "a")]
    [InlineData("he/ad", "a")]
    [InlineData("head", "")]
    [InlineData("head", "a\0b")]
    public async Task ReadAsync_MalformedKindOrKey_Throws(string kind, string key)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        await Assert.ThrowsAnyAsync<ArgumentException>(() => storage.Rows.ReadAsync<NoteState>(kind, key));
    }

    [Fact]
    public async Task ReadAsync_HalfASurrogatePairInKey_Throws()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        await Assert.ThrowsAsync<ArgumentException>(() => storage.Rows.ReadAsync<NoteState>("head", "a\ud800"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("x")]
    [InlineData("-1")]
    public async Task WriteAsync_ForeignETag_Throws(string etag)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);

        await Assert.ThrowsAsync<ArgumentException>(() => storage.Rows.WriteAsync("head", "a", Note("x"), etag));
    }

    private static NoteState Note(string text) => new() { Text = text };

    private static async Task<List<string>> ListAsync(RowStore rows, string kind)
    {
        var keys = new List<string>();
        await foreach (var key in rows.ListKeysAsync(kind))
        {
            keys.Add(key);
        }

        return keys;
    }
}
