using System.Diagnostics;
using System.Text;
using FederationNode.Contracts.Indicators;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Erasure;

/// <summary>What was carried out is stated in the receipts log: once, and not before it is out of the files.</summary>
public sealed class AcknowledgementTests
{
    private static readonly string s_receipts = TestCoalition.Receipts("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task CarriedOut_IsStatedOnce_AlsoAcrossAStart(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var writer = WriterLog.WithListings(s_b, 300);
        writer.Add(new ErasePayload(3, "legal"));
        writer.Add(new ErasePayload(299, "legal"));
        long at;
        await using (var before = await StartAsync(sandbox))
        {
            await before.Log(s_b).ExtendAsync(writer.Range(0, 302));
            await before.StartAllAsync(erasing: true);
            await before.AdvanceUntilAsync(() => before.Heads.Get(s_receipts) is { Size: > 0 } && before.Eraser.DoneOf(s_b) == 302);

            // It is said behind that, when the storage has let go of what was removed.
            await before.AdvanceUntilAsync(async () =>
            {
                await before.Grains.GetGrain<IReceiptsGrain>("a").FlushAsync();
                return (await StatementsAsync(before)).Count > 0;
            });
            var said = Assert.Single(await StatementsAsync(before));
            Assert.Equal((s_b, 302L), (said.Origin, said.Size));
            at = said.At;
            Assert.InRange(at, TestCoalition.Issued * 1000, before.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        }

        await using var node = await StartAsync(sandbox);
        await node.StartAllAsync(erasing: true);
        await node.AdvanceUntilAsync(() => node.Eraser.DoneOf(s_b) == 302);
        await node.AdvanceAsync(200_000);
        writer.AddListings(5);
        writer.Add(new ErasePayload(301, "legal"));
        await node.Log(s_b).ExtendAsync(writer.Range(302, writer.Size));
        await node.AdvanceUntilAsync(() => node.Eraser.DoneOf(s_b) == 308);
        await node.AdvanceUntilAsync(async () => (await StatementsAsync(node)).Count > 1);
        Assert.Equal([(s_b, 302L), (s_b, 308L)], (await StatementsAsync(node)).Select(s => (s.Origin, s.Size)));
        Assert.Equal(at, (await StatementsAsync(node))[0].At);
    }

    [Fact]
    public async Task Sqlite_WhenItIsStated_NoFileHasThePayload()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 700);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 700));
        foreach (var index in (long[])[5, 300, 690])
        {
            Assert.True(IsInFiles(sandbox, writer.Entries[(int)index].Payload!));
            Assert.True(IsInFiles(sandbox, writer.Entries[(int)index].Salt!));
            writer.Add(new ErasePayload(index, "legal"));
        }

        await node.Log(s_b).ExtendAsync(writer.Range(700, 703));
        await node.StartAllAsync(erasing: true);
        await node.AdvanceUntilAsync(async () => (await StatementsAsync(node)).Count == 1);

        foreach (var index in (int[])[5, 300, 690])
        {
            Assert.False(IsInFiles(sandbox, writer.Entries[index].Payload!), $"the payload of {index} is in a file");
            Assert.False(IsInFiles(sandbox, writer.Entries[index].Salt!), $"the salt of {index} is in a file");
        }

        Assert.True(IsInFiles(sandbox, writer.Entries[6].Payload!));
        Assert.True(IsInFiles(sandbox, Encoding.ASCII.GetBytes(s_b)));
    }

    /// <summary>What docs/operations.md says to do on PostgreSQL takes the bytes out of tables, indexes and the write-ahead log.</summary>
    [PostgresFact]
    public async Task Postgres_AfterTheDocumentedSteps_NoFileHasThePayload()
    {
        const int Seed = 730_000;
        await using var sandbox = await StorageSandbox.CreateAsync("postgres");
        await using var node = await StartAsync(sandbox);

        // Large values lie in the files as they are, so that they can be looked for.
        await sandbox.ExecuteAsync("ALTER TABLE OrleansStorage ALTER COLUMN PayloadBinary SET STORAGE EXTERNAL");
        var folder = (string)(await sandbox.ExecuteAsync("SHOW data_directory"))!;
        var writer = WriterLog.WithListings(s_b, 300, Seed);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 300));
        await sandbox.ExecuteAsync("CHECKPOINT");
        foreach (var index in (long[])[5, 290])
        {
            Assert.NotEmpty(FilesWith(folder, writer.Entries[(int)index].Salt!));
            writer.Add(new ErasePayload(index, "legal"));
        }

        await node.Log(s_b).ExtendAsync(writer.Range(300, 302));
        await node.StartAllAsync(erasing: true);
        await node.AdvanceUntilAsync(async () => (await StatementsAsync(node)).Count == 1);

        foreach (var step in (string[])
        [
            "ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()", "VACUUM FULL OrleansStorage", "CHECKPOINT",
            "SELECT pg_switch_wal()", "CHECKPOINT",
        ])
        {
            await sandbox.ExecuteAsync(step);
        }

        foreach (var index in (int[])[5, 290])
        {
            Assert.Empty(FilesWith(folder, writer.Entries[index].Salt!));
            Assert.Empty(FilesWith(folder, writer.Entries[index].Payload!));
        }

        Assert.NotEmpty(FilesWith(folder, writer.Entries[6].Salt!));
        Assert.NotEmpty(FilesWith(folder, writer.Entries[291].Payload!));
    }

    private static List<string> FilesWith(string folder, byte[] wanted)
    {
        var found = new List<string>();
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            try
            {
                if (File.ReadAllBytes(file).AsSpan().IndexOf(wanted) >= 0)
                {
                    found.Add(file);
                }
            }
            catch (FileNotFoundException)
            {
                // The server removes files while they are looked through.
            }
        }

        return found;
    }

    private static Task<TestNode> StartAsync(StorageSandbox sandbox) => TestNode.StartAsync(
        sandbox, configure: s => s.AddSingleton(new ReceiptOptions { MinGap = TimeSpan.Zero }));

    /// <summary>By another process: to close a file of this one would give up SQLite's locks on it.</summary>
    private static bool IsInFiles(StorageSandbox sandbox, byte[] wanted)
    {
        var copy = Directory.CreateTempSubdirectory("fednode-copy-").FullName;
        try
        {
            using var process = Process.Start("cp", ["-r", sandbox.Folder! + "/.", copy]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return Directory.GetFiles(copy).Any(file => File.ReadAllBytes(file).AsSpan().IndexOf(wanted) >= 0);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static async Task<List<CarriedOut>> StatementsAsync(TestNode node)
    {
        var (_, entries) = await node.ReadAllAsync(s_receipts);
        return
        [
            .. entries.Select((e, i) => LogEntry.TryInterpret(
                    Origin.Parse(s_receipts), i, default, e.Leaf, e.Salt, e.Payload, out var entry, out var reason)
                ? entry.Payload
                : throw new InvalidOperationException(reason))
                .OfType<ErasurePayload>().SelectMany(p => p.Done),
        ];
    }
}
