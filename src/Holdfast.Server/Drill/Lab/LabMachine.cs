using System.Net;

namespace Holdfast.Server.Drill.Lab;

/// <summary>A machine of the laboratory: a network namespace of its own, or an address of the loopback network.</summary>
/// <param name="Name">Its name, such as <c>db-1</c>.</param>
/// <param name="Zone">Where it stands, as vendor/region/zone.</param>
/// <param name="Address">Its address.</param>
/// <param name="Directory">Its files. Every process of the machine has its working directory below it; by that it is found.</param>
internal sealed record LabMachine(string Name, string Zone, IPAddress Address, string Directory)
{
    /// <summary>The process ids of the machine.</summary>
    public IReadOnlyList<int> Processes() => ProcessTable.Below(Directory);
}
