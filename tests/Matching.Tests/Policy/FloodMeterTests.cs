using System.Collections.Immutable;
using FederationNode.Matching.Policy;
using Xunit;

namespace FederationNode.Matching.Tests.Policy;

public sealed class FloodMeterTests
{
    private const long Start = 1_790_000_000;
    private const long Hour = 3600;
    private const string Acme = "demo/acme/indicators/1";
    private const string Own = "demo/self/indicators/1";

    private readonly FloodLimit _limit = new(1000, 2, 0, []);
    private FloodMemory _memory = FloodMemory.Empty;

    [Fact]
    public void Look_FirstTime_WhatIsThereIsNoFlood()
    {
        Look(Start, (Acme, 3_000_000));

        Assert.Empty(_memory.Quarantines);
    }

    [Fact]
    public void Look_WithinTheLimit_NoQuarantine()
    {
        Look(Start, (Acme, 10));
        Look(Start + 60, (Acme, 1010));
        Look(Start + (2 * Hour), (Acme, 1010));
        Look(Start + (4 * Hour), (Acme, 1010));
        Look(Start + (4 * Hour) + 60, (Acme, 2010));

        Assert.Empty(_memory.Quarantines);
    }

    [Fact]
    public void Look_BeyondTheLimit_HeldFromWhereTheTimeBegins()
    {
        Look(Start, (Acme, 10));
        Look(Start + 60, (Acme, 1011));

        Assert.Equal(new Quarantine(Acme, "acme", 10, 1001, 2 * Hour, Start + 60), Assert.Single(_memory.Quarantines));
        Assert.Equal("acme added 1,001 entries within 2 h", _memory.Quarantines[0].Excess);
    }

    [Fact]
    public void Look_SpreadOverTwoHalvesOfTheWindow_Noticed()
    {
        Look(Start, (Acme, 0));
        Look(Start + Hour, (Acme, 600));
        Look(Start + (2 * Hour) - 60, (Acme, 1100));

        Assert.Single(_memory.Quarantines);
    }

    [Fact]
    public void Look_SteadyBelowTheRate_NeverHeld()
    {
        for (var minute = 0; minute < 3 * 24 * 60; minute++)
        {
            // 480 an hour: 960 in two, and up to a twelfth of the window more, since that is how often sizes are noted.
            Look(Start + (minute * 60), (Acme, minute * 7));
            Assert.Empty(_memory.Quarantines);
            Assert.InRange(_memory.Marks[Acme].Length, 1, 14);
        }
    }

    [Fact]
    public void Look_NewLog_CountsFromNothing()
    {
        Look(Start);
        Look(Start + 60, (Acme, 1001));

        Assert.Equal(0, Assert.Single(_memory.Quarantines).From);
    }

    [Fact]
    public void Look_AfterAPause_TheLimitIsThatOfThePause()
    {
        Look(Start, (Acme, 0));
        Look(Start + (20 * Hour), (Acme, 9_900));
        Assert.Empty(_memory.Quarantines);

        _memory = FloodMemory.Empty;
        Look(Start, (Acme, 0));
        Look(Start + (20 * Hour), (Acme, 10_001));
        Assert.Equal("acme added 10,001 entries within 20 h", Assert.Single(_memory.Quarantines).Excess);
    }

    [Fact]
    public void Look_OwnLog_LetAlone()
    {
        Look(Start, (Own, 0));
        Look(Start + 60, (Own, 1_000_000));

        Assert.Empty(_memory.Quarantines);
    }

    [Fact]
    public void Look_Held_StaysUntilReleased()
    {
        Look(Start, (Acme, 0));
        Look(Start + 60, (Acme, 5000));
        Look(Start + (1000 * Hour), (Acme, 5000));
        Assert.Single(_memory.Quarantines);

        LookWith(_limit with { Released = ["acme"] }, Start + (1000 * Hour) + 1, (Acme, 50_000));
        Assert.Empty(_memory.Quarantines);

        // Taken off the list again: what it did meanwhile is not held against it, what it does from now on is.
        Look(Start + (1000 * Hour) + 2, (Acme, 50_000));
        Assert.Empty(_memory.Quarantines);
        Look(Start + (1000 * Hour) + 60, (Acme, 51_001));
        Assert.Equal(50_000, Assert.Single(_memory.Quarantines).From);
    }

    [Fact]
    public void Look_HeldForATime_EndsAfterIt()
    {
        var limit = _limit with { HoldHours = 24 };
        LookWith(limit, Start, (Acme, 0));
        LookWith(limit, Start + 60, (Acme, 5000));

        // It is too much for as long as the window has it, and the time runs from then on.
        LookWith(limit, Start + (2 * Hour), (Acme, 5000));
        var last = Assert.Single(_memory.Quarantines).Last;
        LookWith(limit, last + (24 * Hour) - 1, (Acme, 5100));
        Assert.Equal(0, Assert.Single(_memory.Quarantines).From);

        LookWith(limit, last + (24 * Hour), (Acme, 5100));
        Assert.Empty(_memory.Quarantines);
    }

    [Fact]
    public void Look_LogTruncated_CountsFromThere()
    {
        Look(Start, (Acme, 5000));
        Look(Start + 60, (Acme, 100));
        Look(Start + 120, (Acme, 1100));
        Assert.Empty(_memory.Quarantines);

        Look(Start + 180, (Acme, 1101));
        Assert.Equal(100, Assert.Single(_memory.Quarantines).From);
    }

    [Fact]
    public void Look_ClockSetBack_BeginsAnew()
    {
        Look(Start, (Acme, 5000));
        Look(Start - (100 * Hour), (Acme, 5001));
        Assert.Empty(_memory.Quarantines);
        Assert.Equal(new SizeMark(Start - (100 * Hour), 5001), Assert.Single(_memory.Marks[Acme]));
    }

    private void Look(long now, params (string Log, long Size)[] sizes) => LookWith(_limit, now, sizes);

    private void LookWith(FloodLimit limit, long now, params (string Log, long Size)[] sizes) =>
        _memory = FloodMeter.Look(
            _memory, limit, "self", sizes.ToImmutableDictionary(s => s.Log, s => s.Size), now);
}
