using System.Globalization;

namespace FederationNode.Bench;

/// <summary>Prints a figure with its spread.</summary>
internal static class Figure
{
    public static double Print(string what, string unit, IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        var median = sorted[sorted.Count / 2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what,-58} {sorted[0],12:N0} / {median,12:N0} / {sorted[^1],12:N0} {unit}"));
        return median;
    }

    /// <summary>Prints the median, the 99th percentile and the largest of many.</summary>
    public static void PrintQuantiles(string what, string unit, IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-58} median {sorted[sorted.Count / 2],9:N1}, p99 {sorted[(int)Math.Ceiling(0.99 * sorted.Count) - 1],9:N1}, max {sorted[^1],9:N1} {unit}"));
    }

    public static void PrintRatio(string what, IReadOnlyList<double> ours, IReadOnlyList<double> theirs)
    {
        var ratios = ours.Zip(theirs, (o, t) => o / t).Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what,-58} {ratios[0],12:0.00} / {ratios[ratios.Count / 2],12:0.00} / {ratios[^1],12:0.00} x"));
    }
}
