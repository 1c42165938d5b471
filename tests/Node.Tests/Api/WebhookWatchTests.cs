using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Node.Folder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Node.Tests.Api;

/// <summary>webhooks.json is taken up while the node runs, whole or not at all.</summary>
public sealed class WebhookWatchTests : IAsyncLifetime, IDisposable
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly NodeFolder _folder = new(Directory.CreateTempSubdirectory("fednode-hooks-").FullName);
    private ApiNode _node = null!;
    private WebhookWatch _watch = null!;

    private WebhookSender Sender => _node.Services.GetRequiredService<WebhookSender>();

    private IEnumerable<string> Urls => Sender.Runs.Select(r => $"{r.Name} {r.Webhook.Url}");

    public async Task InitializeAsync()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "a.secret"), Secret);
        _node = await ApiNode.StartReadyAsync();
        _watch = new WebhookWatch(Sender, _folder, _node.Clock, NullLogger<WebhookWatch>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        Directory.Delete(_folder.Path, recursive: true);
    }

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Look_NoFile_NothingChanges()
    {
        _watch.Look();

        Assert.Empty(Sender.Runs);
        Assert.Null(Sender.Alarm);
    }

    [Fact]
    public void Look_FileAppearsAndChanges_TakenUpAndTheOthersGoOn()
    {
        Write(("one", 1), ("two", 2));
        _watch.Look();
        Assert.Equal(["one http://127.0.0.1:1/", "two http://127.0.0.1:2/"], Urls);
        var two = Sender.Runs[1];

        Write(("two", 2), ("one", 1111), ("three", 3));
        _watch.Look();

        Assert.Equal(["two http://127.0.0.1:2/", "one http://127.0.0.1:1111/", "three http://127.0.0.1:3/"], Urls);
        Assert.Same(two, Sender.Runs[0]);
    }

    [Fact]
    public async Task Look_Wrong_NothingChangesAndTheStatusSaysSoUntilItIsRight()
    {
        Write(("one", 1));
        _watch.Look();
        var before = Sender.Runs;

        // The first webhook alone would be fine: never half a file.
        Write(("two", 2), ("Not A Name", 3));
        _watch.Look();

        Assert.Same(before, Sender.Runs);
        var fault = $"The webhooks on the disk are not in force, those before still are: {_folder.WebhooksFile}: "
            + "\"name\" must be 1 to 63 of a-z, 0-9 and '-'.";
        Assert.Equal(fault, Sender.Alarm);
        var status = await ApiNode.ReadAsync<NodeStatus>(await _node.GetAsync(ApiRoutes.Status, ApiRole.Operator));
        Assert.Contains(fault, status.Alarms);

        Write(("one", 1));
        _watch.Look();
        Assert.Null(Sender.Alarm);
        Assert.Same(before[0], Assert.Single(Sender.Runs));
    }

    [Fact]
    public void Look_Gone_ThoseBeforeStayWithAnAlarm()
    {
        Write(("one", 1));
        _watch.Look();

        File.Delete(_folder.WebhooksFile);
        _watch.Look();

        Assert.Equal(["one http://127.0.0.1:1/"], Urls);
        Assert.Contains("is gone: put it back", Sender.Alarm, StringComparison.Ordinal);

        File.WriteAllText(_folder.WebhooksFile, """{"webhooks": []}""");
        _watch.Look();
        Assert.Empty(Sender.Runs);
        Assert.Null(Sender.Alarm);
    }

    [Fact]
    public void Look_SecretChanges_TakenUp()
    {
        Write(("one", 1));
        _watch.Look();
        var before = Sender.Runs[0];

        File.WriteAllText(Path.Combine(_folder.Path, "a.secret"), "whsec_" + Convert.ToBase64String(new byte[40]));
        _watch.Look();

        var after = Assert.Single(Sender.Runs);
        Assert.NotSame(before, after);
        Assert.Equal(40, after.Webhook.Secret.Length);
    }

    private void Write(params (string Name, int Port)[] webhooks) => File.WriteAllText(
        _folder.WebhooksFile,
        $$"""{"webhooks": [{{string.Join(", ", webhooks.Select(w => $$"""{"name": "{{w.Name}}", "url": "http://127.0.0.1:{{w.Port}}/", "secretFile": "a.secret"}"""))}}]}""");
}
