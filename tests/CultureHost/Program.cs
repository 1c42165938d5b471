using System.Globalization;

namespace FederationNode.CultureHost;

/// <summary>
/// Takes a folder with texts, see <see cref="TextDigest"/>, and names of cultures, "-" for the invariant one. Under each
/// culture in turn it computes the digest, and says <c>culture probe digest</c>. The probe shows that the culture is really
/// there: how it writes an "i" in upper case and a number.
/// </summary>
internal static class Program
{
    private static void Main(string[] args)
    {
        foreach (var name in args[1..])
        {
            var culture = CultureInfo.GetCultureInfo(name == "-" ? "" : name);
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = culture;
            CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = culture;
            var probe = "i".ToUpper(culture) + 1.5.ToString(culture);
            Console.Out.WriteLine($"{name} {Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(probe))} {TextDigest.Of(args[0])}");
        }
    }
}
