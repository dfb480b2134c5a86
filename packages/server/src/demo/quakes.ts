import { inOrder, type RecordedEvent, type Recording } from './recording.ts'

/** A quarter of an hour passes in a second: the recorded week takes eleven minutes. */
const PACE = 900

/** The part of the USGS GeoJSON feed that the demo uses. */
interface Feature {
  readonly id: string
  readonly properties: {
    readonly mag: number
    readonly place: string
    readonly time: number
    readonly type: string
  }
  readonly geometry: { readonly coordinates: readonly [number, number, number] }
}

/** The earthquakes of one week (31 January to 7 February 2018) as the USGS recorded them. */
export function readQuakes(geoJson: string): Recording {
  const { features } = JSON.parse(geoJson) as { readonly features: readonly Feature[] }
  return { kind: 'quake', pace: PACE, events: inOrder(features.map(toEvent)) }
}

/** The class of a magnitude, as seismologists name them: the last part of the topic. */
export function magnitudeBand(magnitude: number): string {
  if (magnitude < 2) return 'micro'
  if (magnitude < 4) return 'minor'
  if (magnitude < 5) return 'light'
  if (magnitude < 6) return 'moderate'
  return 'strong'
}

function toEvent({ id, properties, geometry }: Feature): RecordedEvent {
  const [longitude, latitude, depthKm] = geometry.coordinates
  return {
    topic: `quakes/${magnitudeBand(properties.mag)}`,
    at: properties.time,
    data: {
      magnitude: properties.mag,
      place: properties.place,
      cause: properties.type,
      time: new Date(properties.time).toISOString(),
      latitude,
      longitude,
      depthKm,
      usgs: id,
    },
  }
}
