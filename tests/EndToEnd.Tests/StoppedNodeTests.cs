using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>The reading verbs on the folder of a node that does not run.</summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoppedNodeTests(CoalitionFixture coalition)
{
    [Fact]
    public async Task Status_Stopped_SaysSoWithItsList()
    {
        var status = (await Fednode.DoAsync("status", "--data", coalition.Stopped, "--json")).Json;

        Assert.Equal("alpha", status.GetProperty("member").GetString());
        Assert.False(status.GetProperty("running").GetBoolean());
        Assert.False(status.GetProperty("ready").GetBoolean());
        Assert.Equal(2, status.GetProperty("rosterVersion").GetInt32());
        Assert.True(status.GetProperty("indicators").GetInt64() > 300);
        Assert.NotEmpty(status.GetProperty("logs").EnumerateArray());
    }

    [Fact]
    public async Task Show_Stopped_SameEvidenceAsRunning()
    {
        var id = coalition.Keyword.Json.GetProperty("indicatorIds")[0].GetString()!;

        var stopped = (await Fednode.DoAsync("show", id, "--data", coalition.Stopped, "--json")).Json;
        var running = (await Fednode.DoAsync("show", id, "--data", coalition.Alpha, "--json")).Json;

        Assert.Equal(running.GetProperty("indicator").ToString(), stopped.GetProperty("indicator").ToString());
        var (one, other) = (stopped.GetProperty("evidence")[0], running.GetProperty("evidence")[0]);
        Assert.Equal(other.GetProperty("leaf").GetString(), one.GetProperty("leaf").GetString());
        Assert.Equal(other.GetProperty("payload").GetString(), one.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Show_StoppedUnknownIndicator_Refused()
    {
        var ran = await Fednode.RunAsync("show", new string('0', 64), "--data", coalition.Stopped);

        Assert.Equal(5, ran.Code);
        Assert.Contains("Nobody says anything", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_Stopped_FindsWhatIsListedAndSaysThatItMayBeOld()
    {
        var answer = (await Fednode.DoAsync(
            "check", "text", "a CARVED tusk bangle", "--data", coalition.Stopped, "--json")).Json;

        Assert.Equal("review", answer.GetProperty("items")[0].GetProperty("verdict").GetString());
        Assert.True(answer.GetProperty("stale").GetBoolean());
    }

    /// <summary>The member's own node is stopped; the secretariat, which holds the key, runs.</summary>
    [Theory]
    [InlineData("email", "nobody@example.org")]
    [InlineData("pay:iban", "GB82 WEST 1234 5698 7654 32")]
    [InlineData("pay:alipay", "nobody@example.org")]
    public async Task CheckSeller_StoppedMember_AsksTheSecretariat(string type, string identifier)
    {
        var answer = (await Fednode.DoAsync(
            "check", "seller", identifier, "--type", type, "--data", coalition.Stopped, "--json")).Json;

        Assert.Equal("none", answer.GetProperty("items")[0].GetProperty("verdict").GetString());
    }
}
