using FederationNode.Node.Folder;
using Xunit;

namespace FederationNode.Node.Tests.Hosting;

/// <summary>The file webhooks.json.</summary>
public sealed class WebhooksFileTests : IDisposable
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly NodeFolder _folder = new(Directory.CreateTempSubdirectory("fednode-hooks-").FullName);

    public WebhooksFileTests() => Write("hook.secret", Secret + "\n");

    public void Dispose() => Directory.Delete(_folder.Path, recursive: true);

    [Fact]
    public void File_Missing_NoWebhooks() => Assert.Empty(WebhooksFile.Load(_folder));

    [Fact]
    public void File_Good_IsReadAndTheSecretShowsNowhere()
    {
        Write("webhooks.json", """
            {"webhooks": [{"name": "catalogue", "url": "http://127.0.0.1:9000/changes", "secretFile": "hook.secret",
                           "kinds": ["keyword"], "categories": ["ivory"]}]}
            """);

        var webhook = Assert.Single(WebhooksFile.Load(_folder));

        Assert.Equal(("catalogue", "http://127.0.0.1:9000/changes"), (webhook.Name, webhook.Url.ToString()));
        Assert.Equal(24, webhook.Secret.Length);
        Assert.Equal(["keyword"], webhook.Kinds);
        Assert.Equal(["ivory"], webhook.Categories);
        Assert.DoesNotContain("MfKQ9", webhook.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "webhooks.json")]
    [InlineData("""{"webhooks": null}""", "name of its own")]
    [InlineData("""{"webhooks": [null]}""", "name of its own")]
    [InlineData("""{"hooks": []}""", "webhooks.json")]
    [InlineData("""{"webhooks": [ENTRY, ENTRY]}""", "name of its own")]
    [InlineData("""{"webhooks": [{"name": "A", "url": "http://127.0.0.1/", "secretFile": "hook.secret"}]}""", "\"name\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "ftp://127.0.0.1/", "secretFile": "hook.secret"}]}""", "\"url\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://u:p@127.0.0.1/", "secretFile": "hook.secret"}]}""", "\"url\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "/x", "secretFile": "hook.secret"}]}""", "\"url\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://127.0.0.1/", "secretFile": "../hook.secret"}]}""", "\"secretFile\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://127.0.0.1/", "secretFile": "none.secret"}]}""", "none.secret")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://127.0.0.1/", "secretFile": "bad.secret"}]}""", "whsec_")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://127.0.0.1/", "secretFile": "hook.secret", "kinds": ["word"]}]}""", "\"kinds\"")]
    [InlineData("""{"webhooks": [{"name": "a", "url": "http://127.0.0.1/", "secretFile": "hook.secret", "categories": ["A b"]}]}""", "\"categories\"")]
    public void File_Bad_SaysWhat(string json, string says)
    {
        Write("bad.secret", "whsec_c2hvcnQ=");
        Write("webhooks.json", json.Replace(
            "ENTRY", """{"name": "a", "url": "http://127.0.0.1/", "secretFile": "hook.secret"}""", StringComparison.Ordinal));

        var fault = Assert.Throws<NodeFolderException>(() => WebhooksFile.Load(_folder));

        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MfKQ9", fault.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);
}
