using System.Globalization;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.TestSupport;
using Npgsql;

namespace FederationNode.Bench;

/// <summary>
/// What POST /v1/check of a node as a process gives, one item a request and a thousand, beside a trivial endpoint of the same
/// server and of a bare one, and beside databases behind that.
/// </summary>
internal sealed class CheckFigures : IAsyncDisposable
{
    private const int Connections = 32;
    private const int Batch = 1_000;
    private const int Requests = 320;
    private const int Batches = 64;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly NodeProcesses _nodes = new();
    private readonly CheckList _list = new();
    private readonly ServerCounters _nodeCounters = new();
    private readonly ServerCounters _askingCounters = new();
    private readonly string _hashes = Path.GetTempFileName();
    private readonly List<CheckRow> _rows = [];

    public static async Task RunAsync(int rounds)
    {
        await using var figures = new CheckFigures();
        await figures.MeasureAsync(rounds);
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        File.Delete(_hashes);
    }

    private async Task MeasureAsync(int rounds)
    {
        await _nodes.FoundAsync();
        var node = await _nodes.StartAsync("secretariat", _nodeCounters.Environment);
        _nodeCounters.Watch(node.Process);
        await node.UntilReadyAsync();
        await _list.ImportAsync(node);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{CheckList.Sellers:N0} sellers, {CheckList.Hashes:N0} image hashes, {CheckList.Keywords:N0} keywords; "
            + $"{Connections} connections; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}"));

        using var redis = await RedisServer.StartAsync();
        redis?.Load(_list.Tags);
        var postgres = await LoadPostgresAsync();
        await File.WriteAllBytesAsync(_hashes, [.. _list.Pictures.SelectMany(p => Convert.FromHexString(p.ToString()))]);
        using var asking = await AskingServer.StartAsync(
            redis?.SocketPath ?? "", postgres ?? "", _hashes, _askingCounters.Environment);
        _askingCounters.Watch(asking.Process);

        using var ours = new HttpLoad(node.Api.BaseAddress!, Connections);
        using var theirs = new HttpLoad(asking.Address, Connections);
        AddOurs(ours, new NodeFolder(node.Folder).ReadApiKey(ApiRole.Detector));
        AddTheirs(theirs, redis is not null, postgres is not null);

        // The first rounds only warm up: what is called often is compiled anew meanwhile.
        for (var round = -2; round < rounds; round++)
        {
            foreach (var row in _rows)
            {
                row.Measure(s_window, isKept: round >= 0);
            }
        }

        Print();
        await InProcessAsync(node);
        Console.WriteLine($"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
    }

    private void AddOurs(HttpLoad load, string key)
    {
        Add("GET /healthz of the node", 0, [HttpLoad.Request("GET", ApiRoutes.Health, null, null, [])]);
        Add("one seller, 1 in 100 listed", 1, Many(Requests, _list.AskTags(Requests, 1), "seller", 1));
        Add("one seller, half listed", 1, Many(Requests, _list.AskTags(Requests, 50), "seller", 1));
        Add("one image hash, 1 in 100 listed", 1, Many(Requests, _list.AskPictures(Requests, 1), "image-pdq", 1));
        Add("one text of 1,000 characters", 1, Many(Requests, [.. Enumerable.Range(0, Requests).Select(_ => _list.AskText())], "text", 1));
        Add("1,000 sellers, 1 in 100 listed", Batch, Many(Batches, _list.AskTags(Batches * Batch, 1), "seller", Batch));
        Add("1,000 sellers, half listed", Batch, Many(Batches, _list.AskTags(Batches * Batch, 50), "seller", Batch));
        Add("1,000 image hashes, 1 in 100 listed", Batch, Many(Batches, _list.AskPictures(Batches * Batch, 1), "image-pdq", Batch));
        var lines = _list.AskTags(Batches * Batch, 1);
        Add("1,000 lines of sellers, 1 in 100 listed", Batch, [.. lines.Chunk(Batch).Select(part => HttpLoad.Request(
            "POST", ApiRoutes.Check, key, "application/x-ndjson", Encoding.UTF8.GetBytes(string.Concat(part.Select(t => Item("seller", t) + "\n")))))]);

        byte[][] Many<T>(int requests, T[] values, string kind, int each) =>
            [.. values.Chunk(each).Take(requests).Select(part => HttpLoad.Request(
                "POST", ApiRoutes.Check, key, "application/json",
                Encoding.UTF8.GetBytes($"{{\"items\":[{string.Join(',', part.Select(v => Item(kind, v)))}]}}")))];

        void Add(string what, int keys, byte[][] requests) => _rows.Add(new CheckRow(what, keys, requests, load, _nodeCounters));

        static string Item<T>(string kind, T value) => $"{{\"kind\":\"{kind}\",\"value\":\"{value}\"}}";
    }

    private void AddTheirs(HttpLoad load, bool hasRedis, bool hasPostgres)
    {
        var (one, few, half) = (_list.AskTags(Requests, 1), _list.AskTags(Batches * Batch, 1), _list.AskTags(Batches * Batch, 50));
        var (picture, pictures) = (_list.AskPictures(Requests, 1), _list.AskPictures(Batches * Batch, 1));
        Add("beside: a bare POST", AskingServer.Trivial, one, 1);
        if (hasRedis)
        {
            Add("beside: Redis, one seller", AskingServer.Redis, one, 1);
            Add("beside: Redis, 1,000 sellers, pipelined", AskingServer.Redis, few, Batch);
            Add("beside: Redis, 1,000 sellers, one by one", AskingServer.RedisOneByOne, few, Batch);
        }

        if (hasPostgres)
        {
            Add("beside: PostgreSQL, one seller", AskingServer.Postgres, one, 1);
            Add("beside: PostgreSQL, 1,000 sellers, half listed", AskingServer.Postgres, half, Batch);
        }

        if (Rival.Start("FAISS", "faiss_answers.py", _hashes) is { } there)
        {
            there.Dispose();
            Add("beside: FAISS MultiHash, one image hash", AskingServer.Faiss, [.. picture.Select(AsKey)], 1);
            Add("beside: FAISS MultiHash, 1,000 image hashes", AskingServer.Faiss, [.. pictures.Select(AsKey)], Batch);
        }

        void Add(string what, string path, Hash256[] keys, int each) => _rows.Add(new CheckRow(
            what,
            each,
            [.. keys.Chunk(each).Select(part => HttpLoad.Request(
                "POST", path, null, "application/octet-stream", part.SelectMany(k => k.ToArray()).ToArray()))],
            load,
            _askingCounters)
        {
            AsksAnother = path != AskingServer.Trivial,
        });

        static Hash256 AsKey(Matching.Images.PdqHash hash) => new(Convert.FromHexString(hash.ToString()));
    }

    private void Print()
    {
        Console.WriteLine("requests/s: min / median / max; then medians");
        foreach (var row in _rows)
        {
            row.Print();
        }

        Ratio("one seller, 1 in 100 listed", "GET /healthz of the node");
        Ratio("one image hash, 1 in 100 listed", "GET /healthz of the node");
        Ratio("one text of 1,000 characters", "GET /healthz of the node");
        Ratio("one seller, 1 in 100 listed", "beside: a bare POST");
        Ratio("one seller, 1 in 100 listed", "beside: Redis, one seller");
        Ratio("one seller, 1 in 100 listed", "beside: PostgreSQL, one seller");
        Ratio("one image hash, 1 in 100 listed", "beside: FAISS MultiHash, one image hash");
        Ratio("1,000 sellers, 1 in 100 listed", "beside: Redis, 1,000 sellers, pipelined");
        Ratio("1,000 sellers, 1 in 100 listed", "beside: Redis, 1,000 sellers, one by one");
        Ratio("1,000 sellers, half listed", "beside: PostgreSQL, 1,000 sellers, half listed");
        Ratio("1,000 image hashes, 1 in 100 listed", "beside: FAISS MultiHash, 1,000 image hashes");
    }

    private void Ratio(string ours, string theirs)
    {
        if (_rows.Find(r => r.What == theirs) is { } other)
        {
            var own = _rows.Find(r => r.What == ours)!;
            Figure.PrintRatio($"{ours} to {theirs.Replace("beside: ", "", StringComparison.Ordinal)}", own.Rates, other.Rates);
            if (!other.AsksAnother)
            {
                Figure.PrintRatio("  by processor time of the server", other.Processor, own.Processor);
            }
        }
    }

    private async Task<string?> LoadPostgresAsync()
    {
        if (PostgresServer.SkipReason is { } reason)
        {
            Console.WriteLine($"beside: PostgreSQL: not installed: {reason}");
            return null;
        }

        var server = await PostgresServer.GetSharedAsync();
        var where = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { MaxAutoPrepare = 10, MinPoolSize = Connections };
        await using var source = NpgsqlDataSource.Create(where.ConnectionString);
        await ExactRivals.FillAsync(source, _list.Tags);
        return where.ConnectionString;
    }

    private static async Task InProcessAsync(RunningNode node)
    {
        var options = new FederationDetectorOptions
        {
            Nodes = [node.Api.BaseAddress!],
            Key = new NodeFolder(node.Folder).ReadApiKey(ApiRole.Detector),
            Timeout = TimeSpan.FromSeconds(60),
        };
        using var stop = new CancellationTokenSource();
        using var replica = new FederationReplica(options);
        var following = replica.RunAsync(stop.Token);
        await replica.WaitReadyAsync();
        await DetectorFigures.ChecksAsync(replica, options, new Random(5));
        await stop.CancelAsync();
        await following;
    }
}
