using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>The verifier in Python, which shares nothing with the node but docs/protocol.md, on what the node exports.</summary>
[Collection(CoalitionGroup.Name)]
public sealed class VerifierTests(CoalitionFixture coalition)
{
    [PythonFact]
    public async Task Verify_ExportOfEveryLog_Accepted()
    {
        var (code, output) = await Python.RunAsync("verify.py", "--anchor", coalition.Anchor, coalition.Export);

        Assert.True(code == 0, output);
        Assert.Contains("ewt/alpha/indicators/1", output, StringComparison.Ordinal);
        Assert.Contains("ewt/secretariat/roster/1", output, StringComparison.Ordinal);
    }

    [PythonFact]
    public async Task Verify_OneByteOfAnExportChanged_Refused()
    {
        var (code, output) = await Python.RunAsync(
            "flip.py", "--anchor", coalition.Anchor, "--small", "0", "--sample", "20", "--seed", "7", coalition.Export);

        Assert.True(code == 0, output);
    }

    [PythonFact]
    public async Task Verify_ItsOwnTests_Pass()
    {
        var (code, output) = await Python.RunAsync("-m", "unittest", "test_verify");

        Assert.True(code == 0, output);
    }
}
