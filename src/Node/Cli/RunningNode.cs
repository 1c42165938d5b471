using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>A node that answers over its local API.</summary>
internal sealed class RunningNode(NodeClient client, NodeFolder? folder) : NodeTarget
{
    public override NodeClient Client => client;

    public override NodeFolder? Folder => folder;

    public override async Task<RosterDocument> ReadRosterAsync(CancellationToken cancel) =>
        Open((await client.GetAsync<RosterView>(ApiRoutes.Roster, cancel)).Note);

    public override async Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel) =>
        await client.GetAsync<LogRow[]>(ApiRoutes.Logs, cancel);

    public override Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel) =>
        client.GetBytesAsync($"{ApiRoutes.Logs}/{origin}/{path}", cancel);

    public override Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel) =>
        client.GetAsync<IndicatorDetail>($"{ApiRoutes.Indicators}/{Uri.EscapeDataString(id)}", cancel);

    public override Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel) =>
        client.GetAsync<IndicatorPage>($"{ApiRoutes.Indicators}?limit={limit}", cancel);

    public override Task<CheckResponse> CheckAsync(CheckRequest request, CancellationToken cancel) =>
        client.PostAsync<CheckRequest, CheckResponse>(ApiRoutes.Check, request, cancel);

    public override Task<SellerEvaluateResponse> EvaluateSellersAsync(
        SellerEvaluateRequest request, CancellationToken cancel) =>
        client.EvaluateSellersAsync(request, cancel);

    public override Task<SellerKeysResponse> ReadSellerKeysAsync(CancellationToken cancel) => client.ReadSellerKeysAsync(cancel);

    public override Task<NodeStatus> ReadStatusAsync(CancellationToken cancel) =>
        client.GetAsync<NodeStatus>(ApiRoutes.Status, cancel);

    public override ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static RosterDocument Open(string text) =>
        SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out var note, out var error, RosterChain.MaxNote)
        && RosterDocument.TryParse(note.Text, out var roster, out error)
            ? roster
            : throw new CliException(ExitCode.Refused, $"The roster cannot be read: {error}");
}
