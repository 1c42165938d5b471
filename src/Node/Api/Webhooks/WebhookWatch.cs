using FederationNode.Detector.Settings;
using FederationNode.Grains;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>
/// Takes up a changed <c>webhooks.json</c> while the node runs, or a changed secret: all of it, or, if anything in it cannot be
/// used, nothing, with an alarm. Webhooks that stay as they are notice nothing.
/// </summary>
internal sealed partial class WebhookWatch(
    WebhookSender sender,
    NodeFolder folder,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<WebhookWatch> logger) : FileWatch(null, clock)
{
    /// <inheritdoc/>
    protected override void TakeUp(FileStamps stamps)
    {
        var webhooks = WebhooksFile.Load(folder, stamps);
        if (!File.Exists(folder.WebhooksFile) && sender.Runs.Count > 0)
        {
            Refuse($"{folder.WebhooksFile} is gone: put it back, or write {{\"webhooks\": []}} into it to tell nobody any more.");
            return;
        }

        if (sender.Take(webhooks))
        {
            LogTaken(folder.WebhooksFile, webhooks.Count);
        }
    }

    /// <inheritdoc/>
    protected override void Refuse(string fault)
    {
        sender.Refuse(fault);
        LogRefused(fault);
    }

    [LoggerMessage(1, LogLevel.Information, "{File} was read and is in force: {Count} webhooks.")]
    private partial void LogTaken(string file, int count);

    [LoggerMessage(2, LogLevel.Error, "The webhooks on the disk are not in force, those before still are: {Fault}")]
    private partial void LogRefused(string fault);
}
