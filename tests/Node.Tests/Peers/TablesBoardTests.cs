using System.Diagnostics.Metrics;
using FederationNode.Contracts.Peers;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>What nodes tell each other of their text tables, over a real connection.</summary>
public sealed class TablesBoardTests : IAsyncLifetime
{
    private static readonly string s_other = $"wlnorm/1={new string('0', 63)}1";

    private ListeningNode _node = null!;

    public async Task InitializeAsync() => _node = await ListeningNode.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Heads_BetweenTwoNodes_BothKnowTheOthersTables()
    {
        Assert.Null(_node.Tables.Get("a"));

        await AskAsync();
        await AskAsync();

        Assert.Equal(new PeerTables(TablesVerdict.Same, Wlnorm.TableHash), _node.Tables.Get("a"));
        Assert.Equal(new PeerTables(TablesVerdict.Same, Wlnorm.TableHash), _node.TablesOfA.Get("b"));
        Assert.Single(_node.Lines, l => l == "a has the same text tables as this node.");
        Assert.Single(_node.Lines, l => l == "b has the same text tables as this node.");
    }

    [Theory]
    [InlineData(null, TablesVerdict.NotTold, "a does not say which text tables it has.")]
    [InlineData("\t no statement", TablesVerdict.Malformed, "cannot be read")]
    [InlineData("other", TablesVerdict.Other, "a has other text tables, 000")]
    public async Task Heads_OfAPeerWithOtherTablesOrNone_AreAnsweredAndItIsSaid(string? says, TablesVerdict verdict, string line)
    {
        using var client = _node.Client(_node.Coalition.A.Certificate);
        using var request = new HttpRequestMessage(HttpMethod.Post, PeerRoutes.Heads)
        {
            Version = System.Net.HttpVersion.Version20,
            Content = ListeningNode.Body(new HeadsQuestionMessage
            {
                Digest = new byte[Hash256.Size],
                Instance = 0,
                Since = 0,
                Yours = [],
                Wait = 0,
            }),
        };
        if (says is not null)
        {
            request.Headers.TryAddWithoutValidation(TablesStatement.Header, says == "other" ? s_other : says);
        }

        using var response = await client.SendAsync(request);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.True(PeerBody.TryDecode(
            await response.Content.ReadAsByteArrayAsync(), PeerBody.HeadsAnswer, out _, out var error), error);
        Assert.Equal(TablesStatement.Own, Assert.Single(response.Headers.GetValues(TablesStatement.Header)));
        Assert.Equal(verdict, _node.Tables.Get("a")!.Verdict);
        Assert.Single(_node.Lines, l => l.Contains(line, StringComparison.Ordinal));
    }

    [Fact]
    public void Take_AnotherStatementEachTime_OneLineAMinute()
    {
        for (var i = 0; i < 100; i++)
        {
            _node.Tables.Take("a", i % 2 == 0 ? s_other : null);
        }

        Assert.Single(Lines());
        Assert.Equal(TablesVerdict.NotTold, _node.Tables.Get("a")!.Verdict);

        _node.Clock.Advance(TimeSpan.FromMinutes(1));
        _node.Tables.Take("a", TablesStatement.Own);
        _node.Clock.Advance(TimeSpan.FromMinutes(1));
        _node.Tables.Take("a", TablesStatement.Own);

        Assert.Equal("a has the same text tables as this node.", Lines()[1]);
        Assert.Equal(2, Lines().Count);

        List<string> Lines() => [.. _node.Lines.Where(l => l.StartsWith("a ", StringComparison.Ordinal))];
    }

    [Fact]
    public void Take_Statement_IsCountedByPeerAndWord()
    {
        var counted = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "fednode.peer.text_tables")
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            // Other tests may count at the same time: of other peers.
            var all = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            if (Equals(all["peer"], "counted"))
            {
                counted.Add($"{value} {all["tables"]}");
            }
        });
        listener.Start();

        foreach (var statement in (string?[])[TablesStatement.Own, s_other, null, "?"])
        {
            _node.Tables.Take("counted", statement);
        }

        Assert.Equal(["1 same", "1 other", "1 none", "1 malformed"], counted);
    }

    private Task<HeadsAnswer> AskAsync() =>
        _node.Transport.AskHeadsAsync("b", new HeadsQuestion(default, 0, 0, [], 0), CancellationToken.None);
}
