using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using Xunit;

namespace FederationNode.Node.Tests.Hosting;

/// <summary>The key files of a node's folder, and what node.json says of requests.</summary>
public sealed class ApiKeysTests : IDisposable
{
    private readonly NodeFolder _folder = new(Directory.CreateTempSubdirectory("fednode-keys-").FullName);

    public ApiKeysTests() => Directory.CreateDirectory(_folder.ApiKeyFolder);

    public void Dispose() => Directory.Delete(_folder.Path, recursive: true);

    [Fact]
    public void Keys_SeveralOfARole_AllCount()
    {
        Write("detector.key", "one\n");
        Write("detector-catalogue.key", "two");
        Write("detector-chat-1.key", "three");
        Write("operator.key", "four");
        Write("notes.txt", "no key");

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["one"] = ApiRole.Detector,
                ["two"] = ApiRole.Detector,
                ["three"] = ApiRole.Detector,
                ["four"] = ApiRole.Operator,
            },
            _folder.ReadApiKeys());
    }

    [Theory]
    [InlineData("detector-a.key", "", "is empty")]
    [InlineData("detector-a.key", "one", "holds the key of another")]
    [InlineData("detektor.key", "two", "named after no role")]
    [InlineData("detectors.key", "two", "named after no role")]
    public void Keys_BadFile_NamedWithWhatToDo(string file, string key, string says)
    {
        Write("detector.key", "one");
        Write(file, key);

        var fault = Assert.Throws<NodeFolderException>(() => _folder.ReadApiKeys());

        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Contains("api-keys", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("0.001")]
    [InlineData("1000001")]
    public void Config_RateOutOfRange_Refused(string rate)
    {
        var text = $$"""{"member": "acme", "apiListen": "127.0.0.1:7480", "apiRequestsPerSecond": {{rate}}}""";

        var fault = Assert.Throws<NodeFolderException>(() => NodeConfig.Parse(text, "node.json"));

        Assert.Contains("apiRequestsPerSecond", fault.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.ApiKeyFolder, name), text);
}
