namespace FederationNode.Simulation;

/// <content>Clocks and bits of single machines.</content>
public static partial class Schedule
{
    private const long FortyDays = 40L * 86_400_000;

    /// <summary>A clock that is wrong, runs wrong, and is set anew now and then, forwards and back.</summary>
    private static void LayClock(World world, SimNode node, Dice dice)
    {
        long Wrong() => dice.Between(-1, 1) * dice.Between(0, dice.Chance(0.5) ? 60_000 : FortyDays);
        node.ClockRate = dice.Between(900, 1_100);
        node.ClockOffset = Wrong();
        world.Note($"{node.Name} has a clock at {node.ClockRate} thousandths, {node.ClockOffset} ms off");
        for (var i = dice.Below(3); i > 0; i--)
        {
            var offset = Wrong();
            world.Time.After(dice.Between(0, Scenario.FaultsUntil), () =>
            {
                world.Note($"{node.Name} has its clock set {offset} ms off");
                node.ClockOffset = offset;
            });
        }
    }

    /// <summary>
    /// Bits turn over at a few nodes. These count as faulty, so with the hostile ones they stay below what the protocol
    /// bears: less than a third of a node's peers.
    /// </summary>
    private static void LayFlips(World world, Dice dice)
    {
        var bears = ((world.Actors.Count - 1) / 3) - world.Scenario.Hostile.Count;
        var nodes = world.Nodes.ToList();
        for (var i = 0; i < Math.Min(bears, 3); i++)
        {
            var node = dice.Pick(nodes);
            nodes.Remove(node);
            var (rows, heads) = (dice.Below(3), dice.Below(4));
            world.Time.After(dice.Between(10_000, Scenario.FaultsUntil), () => FlipRows(world, node, rows, dice));
            if (heads > 0)
            {
                var at = dice.Between(10_000, Scenario.FaultsUntil - 11_000);
                world.Time.After(at, () => Restart(world, node, 1_000, () => FlipHeads(world, node, heads, dice)));
            }
        }
    }

    private static void FlipRows(World world, SimNode node, int rows, Dice dice)
    {
        var sealedOnes = node.Logs.Values
            .Where(l => node.Disk.GetValueOrDefault(l.Origin)?.Size >= DiskLog.Width && !l.IsDamaged);
        foreach (var log in sealedOnes.ToList())
        {
            var row = dice.Between(0, (node.Disk[log.Origin].Size / DiskLog.Width) - 1);
            if (rows > 0 && IsElsewhere(world, node, log.Origin, (row + 1) * DiskLog.Width))
            {
                node.FlipRow(log, row, dice);
                rows--;
            }
        }
    }

    private static void FlipHeads(World world, SimNode node, int heads, Dice dice)
    {
        // The largest: what is fetched for them again and again must not keep other logs waiting.
        var largest = node.Logs.Values.Where(l => l.Origin != node.Origin)
            .OrderByDescending(l => l.Held).ThenBy(l => l.Origin, StringComparer.Ordinal);
        foreach (var log in largest.ToList())
        {
            if (heads > 0 && dice.Chance(0.8) && IsElsewhere(world, node, log.Origin, log.Held))
            {
                node.FlipHead(log.Origin);
                heads--;
            }
        }
    }

    /// <summary>Whether two others have it and can be asked: what only one disk has, that disk can lose.</summary>
    private static bool IsElsewhere(World world, SimNode node, string origin, long size) =>
        size > 0 && world.Nodes.Count(
            n => n != node && !n.IsDamaged && world.IsDialable(n) && n.Log(origin).HeadSize >= size) >= 2;
}
