using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.EndToEnd.Tests;
using FederationNode.Network.Tests.Emulation;

namespace FederationNode.Network.Tests.Coalition;

/// <summary>
/// A node that runs in a namespace, and its local API: asked over the namespace's own loopback, so that looking at a
/// node costs the emulated network nothing.
/// </summary>
internal sealed class NetworkNode : IAsyncDisposable
{
    private readonly NetworkNamespace _place;
    private readonly NodeProcess _process;
    private readonly HttpClient _api;

    private NetworkNode(string member, string folder, NetworkNamespace place, NodeProcess process, IPEndPoint api)
    {
        Member = member;
        Folder = folder;
        _place = place;
        _process = process;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, _) =>
                ValueTask.FromResult<Stream>(new NetworkStream(place.Connect(api), ownsSocket: true)),
        };
        _api = new HttpClient(handler) { BaseAddress = new Uri($"http://{api}"), Timeout = TimeSpan.FromSeconds(60) };
        _api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", File.ReadAllText(Path.Combine(folder, "api-keys", ApiRole.Operator + ".key")).Trim());
    }

    public string Member { get; }

    public string Folder { get; }

    /// <summary>What it wrote to standard error, up to now.</summary>
    public string Log => _process.ErrorSoFar;

    public static async Task<NetworkNode> StartAsync(
        string member, string folder, NetworkNamespace place, IPEndPoint api) =>
        new(member, folder, place, await NodeProcess.StartAsync(place.Under, folder), api);

    public async Task<NodeStatus> StatusAsync() => (await _api.GetFromJsonAsync<NodeStatus>(ApiRoutes.Status))!;

    public async Task<IReadOnlyList<LogRow>> LogsAsync() => (await _api.GetFromJsonAsync<LogRow[]>(ApiRoutes.Logs))!;

    /// <summary>Lists the SHA-256 of a picture to be blocked, as an analyst who takes it down: urgent.</summary>
    /// <returns>Where the entry stands in the member's log.</returns>
    public async Task<long> TakeDownAsync(string picture)
    {
        var listing = new ListingRequest
        {
            Kind = "image-sha256",
            Value = HashOf(picture),
            Category = "ivory",
            Action = "block",
        };
        using var response = await _api.PostAsJsonAsync(ApiRoutes.Listings, listing);
        var text = await response.Content.ReadAsStringAsync();
        return response.StatusCode is HttpStatusCode.Created
            ? (await response.Content.ReadFromJsonAsync<PublishResponse>())!.Index!.Value
            : throw new InvalidOperationException($"{Member} does not publish: {response.StatusCode} {text}");
    }

    /// <summary>Whether a detector at this node would block the picture.</summary>
    public async Task<bool> BlocksAsync(string picture)
    {
        using var response = await _api.PostAsJsonAsync(
            ApiRoutes.Check, new CheckRequest([new CheckItem("image-sha256", HashOf(picture))]));
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<CheckResponse>())!
            .Items[0].Verdict == "block";
    }

    /// <summary>Imports a list, as an operator would, by the program's verb.</summary>
    public async Task ImportAsync(string file)
    {
        var ran = await Fednode.RunAsync(_place.Under, "import", file, "--data", Folder);
        if (ran.Code != 0)
        {
            throw new InvalidOperationException($"{Member} does not import: {ran}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _process.DisposeAsync();
    }

    private static string HashOf(string picture) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(picture)));
}
