using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

public sealed class TablesStatementTests
{
    private const string Ours = "a8b4ccaf52ce1ee97c37d9714a5680300266374596446394d320d69f091b13ac";
    private const string Theirs = "b8b4ccaf52ce1ee97c37d9714a5680300266374596446394d320d69f091b13ac";

    [Fact]
    public void Own_OfThisRelease_IsAsDocumented() => Assert.Equal($"wlnorm/1={Ours}", TablesStatement.Own);

    [Theory]
    [InlineData(null, TablesVerdict.NotTold)]
    [InlineData("", TablesVerdict.NotTold)]
    [InlineData($"wlnorm/1={Ours}", TablesVerdict.Same)]
    [InlineData($"wlnorm/1={Theirs}", TablesVerdict.Other)]
    [InlineData($"wlnorm/2={Theirs}", TablesVerdict.NotTold)]
    [InlineData($"wlnorm/2={Theirs}, wlnorm/1={Ours}", TablesVerdict.Same)]
    [InlineData($"wlnorm/2={Theirs},wlnorm/1={Theirs}", TablesVerdict.Other)]
    [InlineData($"wlnorm/1={Ours}, wlnorm/1={Theirs}", TablesVerdict.Malformed)]
    [InlineData($"wlnorm/1={Ours}, ", TablesVerdict.Malformed)]
    [InlineData($"wlnorm/1={Ours}=", TablesVerdict.Malformed)]
    [InlineData($"={Ours}", TablesVerdict.Malformed)]
    [InlineData("wlnorm/1", TablesVerdict.Malformed)]
    [InlineData("wlnorm/1=A8B4CCAF52CE1EE97C37D9714A5680300266374596446394D320D69F091B13AC", TablesVerdict.Malformed)]
    [InlineData($"wlnorm/1={Ours}0", TablesVerdict.Malformed)]
    [InlineData(" ", TablesVerdict.Malformed)]
    public void Read_Statement_ComesTo(string? text, TablesVerdict verdict)
    {
        Assert.Equal(verdict, TablesStatement.Read(text, out var hash));
        Assert.Equal(
            verdict switch { TablesVerdict.Same => Ours, TablesVerdict.Other => Theirs, _ => new string('0', 64) },
            hash.ToString());
    }

    [Fact]
    public void Read_TooLong_IsMalformed()
    {
        var longest = string.Join(',', Enumerable.Range(0, 6).Select(i => $"wlnorm/{i}={Ours}"));
        Assert.InRange(longest.Length, 400, TablesStatement.MaxLength);
        Assert.Equal(TablesVerdict.Same, TablesStatement.Read(longest, out _));
        Assert.Equal(
            TablesVerdict.Malformed,
            TablesStatement.Read(longest + new string(' ', TablesStatement.MaxLength - longest.Length + 1), out _));
    }

    [Fact]
    public void Read_ArbitraryText_NeverThrowsAndNeverAgrees()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 2000; i++)
        {
            var text = $"wlnorm/1={Ours}".ToCharArray();
            var at = random.Next(text.Length);
            var other = (char)random.Next(1, 0x3000);
            if (other == text[at])
            {
                continue;
            }

            text[at] = other;
            Assert.True(
                TablesStatement.Read(new string(text), out _) is not TablesVerdict.Same || other == ' ',
                $"seed {seed}, round {i}, {(int)other:x4} at {at}");
        }
    }
}
